import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create } from 'xmlbuilder2';
import type { TrialResult } from '../../src/analysis/result.ts';
import { junitReport } from '../../src/report/junit.ts';
import { trialResult } from '../results/trial-result.ts';

function junit(...results: TrialResult[]): { xml: string } {
  const xml = junitReport({ trials: results.map((result) => ({ result })), complaints: [] });
  create(xml); // throws where it is not well-formed
  return { xml };
}

describe('the report as JUnit', () => {
  test('has a suite for each runtime and a case for each cell, repeats added up', () => {
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
    ['valid that broke nothing passes', trialResult(), undefined],
    [
      'valid that broke something fails',
      trialResult({ causes: { 'routing-lag': 3 } }),
      /<failure message="3 requests broke">[^<]*routing lag: 3/,
    ],
    [
      "of a service of one's own that broke something fails",
      trialResult({ variant: 'rollout', causes: { 'routing-lag': 3 } }),
      /<failure message="3 requests broke">/,
    ],
    ['broken that broke something passes', trialResult({ variant: 'broken', causes: { capacity: 3 } }), undefined],
    [
      'one that is not valid is an error, not a failure',
      trialResult({ causes: { capacity: 1 }, valid: false, invalidReasons: ['no request was made'] }),
      /<error message="not valid">rollout 1: no request was made<\/error>/,
    ],
  ];
  for (const [what, result, outcome] of outcomes) {
    test(what, () => {
      const { xml } = junit(result);
      if (outcome) assert.match(xml, outcome);
      assert.equal(/<(failure|error) /.exec(xml)?.[1], outcome?.source.slice(1).split(' ')[0]);
    });
  }

  test('is well-formed whatever names hold', () => {
    const hostile = `<x> & "y" ]]> ${String.fromCharCode(27)}[31m \u0000`;
    const { xml } = junit(trialResult({ variant: hostile, runtime: hostile, valid: false, invalidReasons: [hostile] }));
    assert.ok(xml.includes('name="&lt;x&gt; &amp; &quot;y&quot; ]]&gt; [31m "'));
    assert.doesNotMatch(xml, /\p{Cc}(?<!\n)/u, 'control characters are not allowed in XML, not even escaped');
  });
});
