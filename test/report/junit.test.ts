import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create } from 'xmlbuilder2';
import type { FixResult } from '../../src/analysis/fix-result.ts';
import type { TrialResult } from '../../src/analysis/result.ts';
import { junitReport } from '../../src/report/junit.ts';
import { judge } from '../../src/results/judge.ts';
import type { Run } from '../../src/results/run.ts';
import { trialResult } from '../results/trial-result.ts';
import { runOfResults } from './reported.ts';

function junit(...results: TrialResult[]): { xml: string } {
  return junitOf(runOfResults(results));
}

function junitOf(run: Run): { xml: string } {
  const xml = junitReport({ run, judgement: judge(run) });
  create(xml); // throws if it is not well-formed
  return { xml };
}

describe('the report as JUnit', () => {
  test('has a suite for each runtime and a case for each cell, with the repeats added up', () => {
    const { xml } = junit(
      trialResult(),
      trialResult({ repeat: 1 }),
      trialResult({ variant: 'control', rolloutMs: null }),
      trialResult({ runtime: 'bun', runtimeVersion: '1.4.5' }),
    );
    assert.match(xml, /<testsuites name="k8s-rollout-test" tests="3" failures="0" errors="0">/);
    assert.match(xml, /<testsuite name="Node 26.10.0" tests="2" failures="0" errors="0">/);
    assert.match(xml, /<testcase name="valid" classname="k8s-rollout-test.node" time="40.000">/);
    assert.match(xml, /0 of 6,000 exposed requests broke \(at most 0.05 %\)/);
  });

  const outcomes: [what: string, result: TrialResult, outcome: RegExp | undefined][] = [
    ['a valid variant without broken requests passes', trialResult(), undefined],
    [
      'a valid variant with broken requests fails',
      trialResult({ causes: { 'routing-lag': 3 } }),
      /<failure message="3 requests broke">[^<]*routing lag: 3/,
    ],
    [
      'one broken request is in the singular',
      trialResult({ causes: { capacity: 1 } }),
      /<failure message="1 request broke">/,
    ],
    [
      'a broken variant with broken requests passes',
      trialResult({ variant: 'broken', causes: { capacity: 3 } }),
      undefined,
    ],
    [
      'an invalid trial is an error, not a failure',
      trialResult({ causes: { capacity: 1 }, valid: false, invalidReasons: ['no request was made'] }),
      /<error message="invalid">valid-node: no request was made/,
    ],
  ];
  for (const [what, result, outcome] of outcomes) {
    test(what, () => {
      const { xml } = junit(result);
      if (outcome) assert.match(xml, outcome);
      assert.equal(/<(failure|error) /.exec(xml)?.[1], outcome?.source.slice(1).split(' ')[0]);
    });
  }

  test('has a separate error for problems of the run as a whole', () => {
    const { xml } = junit(
      trialResult({ variant: 'control', connectionReuse: 0.99 }),
      trialResult({ variant: 'control', connectionReuse: 0.5, runtime: 'deno' }),
    );
    assert.match(xml, /tests="3" failures="0" errors="1"/);
    assert.match(xml, /<error message="invalid">the runtimes reused connections to different degrees/);
  });

  const own = (failed: number, fields: Parameters<typeof trialResult>[0] = {}) =>
    trialResult({
      runtime: 'own',
      variant: 'own',
      server: 'node server.js',
      causes: { 'routing-lag': failed },
      ...fields,
    });
  const LATE = { valid: false, invalidReasons: ['late'] };
  const control = own(0, { variant: 'control' });

  const rollouts: [what: string, run: Run, cases: [name: string, outcome?: string][]][] = [
    [
      'clean',
      runOfResults([own(0), control], { kind: 'own-service' }),
      [['node server.js: control'], ['node server.js: rollout-1']],
    ],
    [
      'one broke more than allowed',
      runOfResults([control, own(2), own(3, { repeat: 1 })], { kind: 'own-service', maxFailed: 2 }),
      [['node server.js: control'], ['node server.js: rollout-1'], ['node server.js: rollout-2', 'failure']],
    ],
    [
      'one is invalid',
      runOfResults([control, own(9, LATE), own(3, { repeat: 1 })], { kind: 'own-service' }),
      [['node server.js: control'], ['node server.js: rollout-1', 'error'], ['node server.js: rollout-2', 'failure']],
    ],
    ['interrupted', runOfResults([control], { kind: 'own-service' }), [['node server.js: control'], ['run', 'error']]],
  ];
  for (const [what, run, expected] of rollouts) {
    test(`has a case for each rollout of a service and the control: ${what}`, () => {
      assert.deepEqual(casesOf(junitOf(run).xml), expected);
    });
  }

  const searches: [state: FixResult['state'] | undefined, outcome?: string][] = [
    ['found'],
    ['nothing-to-fix'],
    ['not-found', 'failure'],
    ['invalid', 'error'],
    [undefined, 'error'],
  ];
  for (const [state, outcome] of searches) {
    test(`has one case for a search for a fix, no matter what its trials broke: ${state ?? 'interrupted'}`, () => {
      const fix = state && { state, changes: [], component: null, untried: [], rest: [], tried: [] };
      const trials = [control, own(9), own(9, LATE), own(3, { variant: 'own+replicas' })];
      const { xml } = junitOf(runOfResults(trials, { kind: 'find-fix', fix }));
      assert.deepEqual(casesOf(xml), [outcome ? ['node server.js: fix', outcome] : ['node server.js: fix']]);
      assert.match(xml, /<testsuites name="k8s-rollout-test" tests="1"/);
    });
  }

  test('is well-formed for hostile names', () => {
    const hostile = `<x> & "y" ]]> ${String.fromCharCode(27)}[31m \u0000`;
    const { xml } = junit(trialResult({ variant: hostile, runtime: hostile, valid: false, invalidReasons: [hostile] }));
    assert.ok(xml.includes('name="&lt;x&gt; &amp; &quot;y&quot; ]]&gt;  [31m  "'));
    assert.doesNotMatch(xml, /\p{Cc}(?<!\n)/u, 'control characters are not allowed in XML, not even escaped');
  });
});

/** Each test case, with its outcome if it did not pass. */
function casesOf(xml: string): string[][] {
  return [...xml.matchAll(/<testcase name="([^"]*)"[^>]*>\s*(?:<(failure|error) )?/g)].map((match) =>
    match.slice(1).filter((part) => part !== undefined),
  );
}
