import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FixResult } from '../../src/analysis/fix-result.ts';
import { githubAnnotations, githubLogLine } from '../../src/report/github.ts';
import { annotationLines, escapeData, escapeProperty } from '../../src/report/github-escape.ts';
import { judge } from '../../src/results/judge.ts';
import type { Run } from '../../src/results/run.ts';
import { trialResult } from '../results/trial-result.ts';
import { runOfResults } from './reported.ts';

describe('workflow commands', () => {
  const table: [text: string, data: string, property: string][] = [
    ['plain', 'plain', 'plain'],
    ['100 %', '100 %25', '100 %25'],
    ['a\nb\r\nc', 'a%0Ab%0D%0Ac', 'a%0Ab%0D%0Ac'],
    ['a:b,c', 'a:b,c', 'a%3Ab%2Cc'],
    ['%0A', '%250A', '%250A'],
    ['::error::x', '::error::x', '%3A%3Aerror%3A%3Ax'],
  ];
  for (const [text, data, property] of table) {
    test(`escape ${JSON.stringify(text)}`, () => {
      assert.equal(escapeData(text), data);
      assert.equal(escapeProperty(text), property);
    });
  }

  test('are at most ten, and the last says how many are left out', () => {
    const of = (length: number) =>
      annotationLines(Array.from({ length }, (_, i) => ({ level: 'error' as const, title: 't', message: `${i}` })));
    assert.equal(of(10).length, 10);
    assert.equal(of(10).at(-1), '::error title=t::9');
    assert.equal(of(25).length, 10);
    assert.equal(of(25).at(-1), '::error title=16 more::16 more are in the job summary.');
  });

  const run = (fields: Partial<Run>) => runOfResults(fields.trials ?? [], fields);
  const own = (failed: number, fields: Parameters<typeof trialResult>[0] = {}) =>
    trialResult({ runtime: 'own', variant: 'own', server: 'node server.js', causes: { capacity: failed }, ...fields });
  const control = own(0, { variant: 'control' });
  const LATE = { valid: false, invalidReasons: ['late\n::warning::'] };
  const fix: FixResult = { state: 'not-found', changes: [], component: null, untried: [], rest: [], tried: [] };
  const annotated: [what: string, run: Run, annotations: string, log: RegExp][] = [
    ['nothing for a clean run', run({ trials: [trialResult()] }), '', /^1 trial, 0 broken requests, 0 problems; /],
    [
      'broken valid variants',
      run({ trials: [trialResult({ causes: { capacity: 1 } })] }),
      '::error title=A valid variant broke requests::valid-node broke 1 request\n',
      /^1 trial, 1 broken request, 1 problem; /,
    ],
    [
      'invalid measurements',
      run({ trials: [trialResult(LATE)] }),
      '::error title=Invalid measurement::valid-node: late%0A::warning::\n',
      /1 problem/,
    ],
    [
      'broken rollouts of a service',
      run({ kind: 'own-service', trials: [control, own(3, { repeat: 1 })] }),
      '::error title=A rollout broke requests::node server.js: rollout-2 broke 3 requests\n',
      /^node server\.js: a rollout of 3 pods broke 3 of 3,000 exposed requests .*; see the job summary\n$/,
    ],
    [
      'nothing for rollouts that broke no more than allowed',
      run({ kind: 'own-service', maxFailed: 3, trials: [control, own(3)] }),
      '',
      /^node server\.js: .* broke 3 of .* no more than --max-failed allows; /,
    ],
    [
      'invalid rollouts, with a hint',
      run({ kind: 'own-service', trials: [control, own(3, LATE)], maxFailed: 9, hints: ['name a path'] }),
      '::error title=Invalid measurement::node server.js: rollout-1: late%0A::warning::\n::notice title=Hint::node server.js: name a path\n',
      /^INVALID: /,
    ],
    [
      'nothing for the sets that a search tried',
      run({ kind: 'find-fix', trials: [control, own(3), own(2, LATE)], fix: { ...fix, state: 'nothing-to-fix' } }),
      '',
      /^NOTHING TO FIX: no rollout of node server\.js /,
    ],
    [
      'a fix that was not found',
      run({ kind: 'find-fix', trials: [control, own(3)], fix }),
      '::error title=No fix was found::node server.js: no set of the fixes that could be tried stops the failures\n',
      /^NOT FOUND: /,
    ],
  ];
  for (const [what, judged, annotations, log] of annotated) {
    test(`name ${what}`, () => {
      const contents = { run: judged, judgement: judge(judged) };
      assert.equal(githubAnnotations(contents), annotations);
      assert.match(githubLogLine(contents), log);
    });
  }
});
