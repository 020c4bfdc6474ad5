import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TrialResult } from '../../src/analysis/result.ts';
import { ownVerdict } from '../../src/own-service/verdict.ts';
import { failed, trace } from '../analysis/story.ts';
import { trialResult } from '../results/trial-result.ts';

const control = (fields: Partial<TrialResult> = {}) => trialResult({ runtime: 'own', variant: 'control', ...fields });
const rollout = (broke: number, fields: Partial<TrialResult> = {}) =>
  trialResult({ runtime: 'own', variant: 'own', causes: { 'routing-lag': broke }, ...fields });
const LATE = { valid: false, invalidReasons: ['late'] };

const CASES: [what: string, trials: TrialResult[], maxFailed: number, state: string, exitCode: number][] = [
  ['clean rollouts', [control(), rollout(0), rollout(0)], 0, 'ok', 0],
  ['one broken request', [control(), rollout(0), rollout(1)], 0, 'broke', 1],
  ['as many as allowed, in each rollout', [control(), rollout(2), rollout(2)], 2, 'ok', 0],
  ['one more than allowed in one', [control(), rollout(0), rollout(3)], 2, 'broke', 1],
  ['an invalid control', [control(LATE), rollout(0)], 0, 'invalid', 3],
  ['an invalid rollout that broke requests', [control(), rollout(5, LATE)], 0, 'invalid', 3],
  ['nothing', [], 0, 'invalid', 3],
];

describe('the verdict on one service', () => {
  for (const [what, trials, maxFailed, state, exitCode] of CASES) {
    test(`of ${what} is ${state}`, () => {
      const verdict = ownVerdict(trials, [], maxFailed);
      assert.deepEqual([verdict.state, verdict.exitCode], [state, exitCode]);
      assert.equal(verdict.complaints.length > 0, state === 'invalid');
    });
  }

  test('names the path where every request is answered with the same error', () => {
    const status = (code: number) => failed('fresh receive status', 100, 101, { status: code });
    const lost = (...codes: number[]) => [trace({ rolloutMs: undefined, load: { failures: codes.map(status) } })];
    const complaints = (traces: ReturnType<typeof lost>) => ownVerdict([control(LATE)], traces, 0).complaints;
    assert.match(complaints(lost(404, 404)).join('\n'), /2 requests were answered 404 .* --path$/);
    assert.equal(complaints(lost(404, 500)).length, 1);
    assert.equal(complaints(lost()).length, 1);
  });
});
