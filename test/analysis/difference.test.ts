import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CellDifference, Difference, difference } from '../../src/analysis/difference.ts';
import type { TrialResult } from '../../src/analysis/result.ts';
import { trialResult } from '../results/trial-result.ts';

/** One rollout of three pods for each number of failures. */
function rollouts(failed: readonly number[], fields: Partial<Omit<TrialResult, 'causes'>> = {}): TrialResult[] {
  return failed.map((count, repeat) => trialResult({ ...fields, repeat, causes: { 'routing-lag': count } }));
}

function only(a: readonly TrialResult[], b: readonly TrialResult[]): CellDifference {
  const { cells } = difference(a, b);
  assert.equal(cells.length, 1);
  return cells[0] as CellDifference;
}

describe('what changed', () => {
  const table: [what: string, a: number[], b: number[], verdict: string][] = [
    ['fewer broke in every rollout', [60, 61, 62, 63], [30, 31, 32, 33], 'fewer'],
    ['more broke in every rollout', [0, 0, 0, 0], [3, 3, 6, 9], 'more'],
    ['the rollouts overlap', [60, 10, 62, 33], [30, 61, 32, 53], 'not-shown'],
    ['neither broke any', [0, 0, 0, 0], [0, 0, 0, 0], 'neither-broke'],
    ['one rollout each', [300], [3], 'too-few-rollouts'],
    ['three rollouts each', [300, 300, 300], [3, 3, 3], 'too-few-rollouts'],
    ['nothing on one side', [], [3, 3, 3], 'not-comparable'],
  ];
  for (const [what, a, b, verdict] of table) {
    test(`${what}: ${verdict}`, () => assert.equal(only(rollouts(a), rollouts(b)).verdict, verdict));
  }

  test('is reported per pod, with intervals and probabilities', () => {
    const cell = only(rollouts([60, 63, 66, 69]), rollouts([30, 33, 36, 39]));
    assert.equal(cell.unit, 'pod');
    assert.deepEqual([cell.before?.failedPerUnit, cell.after?.failedPerUnit, cell.change], [21.5, 11.5, -10]);
    assert.ok((cell.before?.interval?.[0] ?? 0) > 19 && (cell.before?.interval?.[1] ?? 0) < 24);
    assert.ok((cell.changeInterval?.[0] ?? 0) < -10 && (cell.changeInterval?.[1] ?? 0) < 0);
    assert.equal(cell.probability, 2 / 70);
    assert.deepEqual([cell.before?.failed, cell.before?.exposed, cell.before?.rollouts], [258, 12_000, 4]);
    assert.equal(cell.after?.causes['routing-lag'], 138);
  });

  test('is not said of different events', () => {
    const one = (fields: Partial<Omit<TrialResult, 'causes'>>) => rollouts([9, 9, 9, 9], fields);
    const scaled = (scaledTo: number) => one({ disruption: 'scale-down', scaledTo });
    assert.equal(only(one({}), one({ disruption: 'rollout' })).verdict, 'not-shown');
    assert.equal(only(one({}), one({ disruption: 'evict' })).verdict, 'not-comparable');
    assert.equal(only(scaled(1), scaled(1)).verdict, 'not-shown');
    assert.equal(only(scaled(1), scaled(2)).verdict, 'not-comparable');
  });

  test('is reported per rollout if the pods are not known', () => {
    const cell = only(rollouts([60, 60]), rollouts([30, 30], { podsReplaced: 0 }));
    assert.deepEqual([cell.unit, cell.change], ['rollout', -30]);
  });

  test('asks for more rollouts if more cells are tested', () => {
    const cells = ['broken', 'valid', 'without-pre-stop', 'without-replicas'];
    const all = (failed: number[]) => cells.flatMap((variant) => rollouts(failed, { variant }));
    const one = difference(rollouts([9, 9, 9, 9]), rollouts([1, 1, 1, 1]));
    const four = difference(all([9, 9, 9, 9]), all([1, 1, 1, 1]));
    assert.deepEqual([one.rolloutsNeeded, one.cells[0]?.verdict], [null, 'fewer']);
    assert.deepEqual([four.rolloutsNeeded, four.cells[0]?.verdict], [5, 'too-few-rollouts']);
    const enough = difference(all([9, 9, 9, 9, 9]), all([1, 1, 1, 1, 1]));
    assert.ok(enough.cells.every((cell) => cell.verdict === 'fewer'));
    assert.ok(enough.cells.every((cell) => cell.adjustedProbability === (4 * 2) / 252));
  });

  test('does not count cells without failures among those tested', () => {
    const clean = ['valid', 'control', 'a', 'b'].flatMap((variant) => rollouts([0, 0, 0, 0], { variant }));
    const broken = (failed: number) => rollouts([failed, failed, failed, failed], { variant: 'broken' });
    const { cells } = difference([...clean, ...broken(9)], [...clean, ...broken(1)]);
    assert.deepEqual(
      cells.map((cell) => cell.verdict),
      [...Array(4).fill('neither-broke'), 'fewer'],
    );
  });

  test('leaves out invalid trials, and says how many', () => {
    const a = [...rollouts([9, 9, 9, 9]), ...rollouts([900], { valid: false })];
    const cell = only(a, rollouts([9, 9, 9, 8]));
    assert.deepEqual([cell.before?.failedPerUnit, cell.before?.rollouts, cell.before?.invalid], [3, 4, 1]);
    const none = only(rollouts([9], { valid: false }), rollouts([9]));
    assert.deepEqual([none.verdict, none.before?.failedPerUnit, none.before?.invalid], ['not-comparable', null, 1]);
  });

  test('has a cell for a runtime that only one side ran', () => {
    const { cells } = difference(rollouts([1]), rollouts([1], { runtime: 'bun' }));
    assert.deepEqual(
      cells.map(({ runtime, before, after }) => [runtime, before === null, after === null]),
      [
        ['node', false, true],
        ['bun', true, false],
      ],
    );
  });

  test('matches its format', () => {
    const found = difference(rollouts([1, 2, 3]), [...rollouts([3, 3]), ...rollouts([0], { runtime: 'bun' })]);
    assert.deepEqual(Difference.parse(JSON.parse(JSON.stringify(found))), found);
  });
});
