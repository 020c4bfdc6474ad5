import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import picocolors from 'picocolors';
import { difference } from '../../src/analysis/difference.ts';
import type { TrialResult } from '../../src/analysis/result.ts';
import { renderDifference } from '../../src/report/difference.ts';
import { trialResult } from '../results/trial-result.ts';

function text(a: readonly TrialResult[], b: readonly TrialResult[]): string {
  const named = [a, b].map((trials, index) => ({ name: index === 0 ? 'old' : 'new', trials }));
  const [first, second] = named;
  assert.ok(first && second);
  return renderDifference(difference(a, b), first, second, picocolors.createColors(false));
}

const rollouts = (failed: readonly number[], fields: Partial<Omit<TrialResult, 'causes'>> = {}) =>
  failed.map((count, repeat) => trialResult({ ...fields, repeat, causes: { 'routing-lag': count } }));

describe('what changed, for the terminal', () => {
  test('gives the verdict first, then the origin of the results, then the figures', () => {
    const lines = text(rollouts([60, 63, 66, 69], { runtimeVersion: '24.1.0' }), rollouts([30, 33, 36, 39])).split(
      '\n',
    );
    assert.equal(lines[0], 'B compared with A: fewer requests broke in valid-node');
    assert.equal(lines[2], 'A  old: Node 24.1.0; local, builtin load');
    assert.equal(lines[3], 'B  new: Node 26.10.0; local, builtin load');
    const table = lines.filter((line) => line.startsWith('│')).map((line) => line.replaceAll(/ +/g, ' '));
    assert.deepEqual(table, [
      '│ │ │ A │ B │ B vs. A │',
      '│ valid │ Node │ 21.5 (19.4 to 23.6) │ 11.5 (9.4 to 13.6) │ fewer broke │',
      '│ │ │ routing lag 258 │ routing lag 138 │ −10.0 (−12.2 to −7.8) │',
      '│ │ │ │ │ p = 0.029 │',
    ]);
  });

  const headlines: [what: string, a: TrialResult[], b: TrialResult[], line: RegExp][] = [
    ['more', rollouts([0, 0, 0, 0]), rollouts([5, 6, 7, 8]), /^B compared with A: more requests broke in valid-node$/m],
    ['nothing', rollouts([0, 0]), rollouts([0, 0]), /^B compared with A: no difference shown$/m],
    [
      'too little',
      rollouts([9]),
      rollouts([1]),
      /too few rollouts to distinguish a change from chance \(4 valid ones are needed on each side\)/,
    ],
  ];
  for (const [what, a, b, line] of headlines) test(`says ${what} changed`, () => assert.match(text(a, b), line));

  test('gives bounds if neither side has failures', () => {
    assert.match(text(rollouts([0]), rollouts([0])), /│ 0 of 3,000 │ 0 of 3,000 │ no failures │/);
    assert.match(text(rollouts([0]), rollouts([0])), /│ < 0\.1 % +│ < 0\.1 %/);
  });

  test('says that invalid trials were left out, and that the clusters differ', () => {
    const other = rollouts([1], { cluster: 'kind', valid: false });
    assert.match(text(rollouts([1]), other), /1 INVALID, left out/);
    assert.match(text(rollouts([1]), other), /A and B ran on different clusters or with different load generators/);
  });
});
