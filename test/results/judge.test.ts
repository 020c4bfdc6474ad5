import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FixResult } from '../../src/analysis/fix-result.ts';
import type { TrialResult } from '../../src/analysis/result.ts';
import { complaintLine } from '../../src/report/complaints.ts';
import { type Judged, judge } from '../../src/results/judge.ts';
import { hintsOf } from '../../src/results/run.ts';
import { failed, trace } from '../analysis/story.ts';
import { trialResult } from './trial-result.ts';

type Fields = Parameters<typeof trialResult>[0];
const own = (broke: number, fields: Fields = {}) =>
  trialResult({ runtime: 'own', variant: 'own', causes: { 'routing-lag': broke }, ...fields });
const control = (fields: Fields = {}) => own(0, { variant: 'control', ...fields });
const LATE = { valid: false, invalidReasons: ['late', 'and slow'] };

interface Case {
  what: string;
  run: Partial<Judged>;
  state: string;
  exitCode: number;
  lines: string[];
}

function cases(kind: Judged['kind'], table: Case[]): void {
  describe(`the verdict on ${kind}`, () => {
    for (const { what, run, state, exitCode, lines } of table) {
      test(`${what}: ${state}`, () => {
        const judged = judge({ kind, maxFailed: 0, trials: [], hints: [], ...run });
        assert.deepEqual([judged.state, judged.exitCode], [state, exitCode]);
        assert.deepEqual(judged.complaints.map(complaintLine), lines);
      });
    }
  });
}

const reuse = (runtime: string, connectionReuse: number) =>
  trialResult({ runtime, variant: 'control', connectionReuse });
const broke = (variant: string, requests: number, fields: Fields = {}): TrialResult =>
  trialResult({ variant, causes: { capacity: requests }, ...fields });

cases('comparison', [
  { what: 'clean', run: { trials: [trialResult(), broke('broken', 9)] }, state: 'ok', exitCode: 0, lines: [] },
  {
    what: 'with valid variants that broke requests',
    run: { trials: [broke('valid', 1), broke('valid', 3, { repeat: 1 })] },
    state: 'broke',
    exitCode: 1,
    lines: ['valid-node broke 1 request', 'valid-node-2 broke 3 requests'],
  },
  {
    what: 'with an invalid trial and a broken one',
    run: { trials: [broke('broken', 9, LATE), broke('valid', 2)], hints: ['only for your own service'] },
    state: 'invalid',
    exitCode: 3,
    lines: ['invalid: broken-node: late; and slow', 'valid-node broke 2 requests'],
  },
  {
    what: 'with runtimes that reused connections to different degrees',
    run: { trials: [reuse('node', 0.99), reuse('deno', 0.5)] },
    state: 'invalid',
    exitCode: 3,
    lines: [
      'invalid: the runtimes reused connections to different degrees, so their results cannot be compared: node 99.0 %, deno 50.0 %',
    ],
  },
  {
    what: 'near miss: with runtimes that reused connections to a similar degree',
    run: { trials: [reuse('node', 0.99), reuse('deno', 0.95)] },
    state: 'ok',
    exitCode: 0,
    lines: [],
  },
  {
    what: 'without trials',
    run: {},
    state: 'invalid',
    exitCode: 3,
    lines: ['invalid: there are no results'],
  },
]);

cases('own-service', [
  { what: 'clean', run: { trials: [control(), own(0), own(0)] }, state: 'ok', exitCode: 0, lines: [] },
  {
    what: 'with one broken request',
    run: { trials: [control(), own(0), own(1, { repeat: 1 })] },
    state: 'broke',
    exitCode: 1,
    lines: ['rollout-2 broke 1 request'],
  },
  {
    what: 'with as many broken requests as allowed in each rollout',
    run: { trials: [control(), own(2), own(2)], maxFailed: 2 },
    state: 'ok',
    exitCode: 0,
    lines: [],
  },
  {
    what: 'with one broken request more than allowed in one rollout',
    run: { trials: [control(), own(2), own(3, { repeat: 1 })], maxFailed: 2 },
    state: 'broke',
    exitCode: 1,
    lines: ['rollout-2 broke 3 requests, 2 allowed'],
  },
  {
    what: 'with an invalid control',
    run: { trials: [control(LATE), own(0)], hints: ['name a path'] },
    state: 'invalid',
    exitCode: 3,
    lines: ['invalid: control: late; and slow', 'name a path'],
  },
  {
    what: 'clean, with a hint',
    run: { trials: [control(), own(0)], hints: ['name a path'] },
    state: 'ok',
    exitCode: 0,
    lines: [],
  },
  {
    what: 'with an invalid rollout that broke requests',
    run: { trials: [control(), own(5, LATE)] },
    state: 'invalid',
    exitCode: 3,
    lines: ['invalid: rollout-1: late; and slow', 'rollout-1 broke 5 requests'],
  },
  {
    what: 'interrupted after the control',
    run: { trials: [control()] },
    state: 'invalid',
    exitCode: 3,
    lines: ['invalid: no rollout was measured'],
  },
  {
    what: 'interrupted before the control',
    run: { trials: [own(0)] },
    state: 'invalid',
    exitCode: 3,
    lines: ['invalid: no control was measured'],
  },
  { what: 'without trials', run: {}, state: 'invalid', exitCode: 3, lines: ['invalid: there are no results'] },
]);

const fix = (state: FixResult['state']): FixResult => ({
  state,
  changes: [],
  component: null,
  untried: [],
  rest: [],
  tried: [],
});
const SEARCHED = [control(), own(9), own(9, LATE), own(7, { variant: 'own+replicas' })];

cases('find-fix', [
  { what: 'found', run: { trials: SEARCHED, fix: fix('found') }, state: 'ok', exitCode: 0, lines: [] },
  { what: 'with nothing to fix', run: { fix: fix('nothing-to-fix') }, state: 'ok', exitCode: 0, lines: [] },
  {
    what: 'not found',
    run: { trials: SEARCHED, fix: fix('not-found') },
    state: 'broke',
    exitCode: 1,
    lines: ['no set of the fixes that could be tried stops the failures'],
  },
  {
    what: 'invalid',
    run: { trials: SEARCHED, fix: fix('invalid'), hints: ['name a path'] },
    state: 'invalid',
    exitCode: 3,
    lines: [
      'invalid: the search for a fix stopped, because its trials were invalid',
      'invalid: rollout-1: late; and slow',
      'name a path',
    ],
  },
  {
    what: 'interrupted',
    run: { trials: [control(), own(9)] },
    state: 'invalid',
    exitCode: 3,
    lines: ['invalid: the search for a fix did not finish'],
  },
]);

describe('the hint about the path', () => {
  const status = (code: number, startedMs = 100) =>
    failed('fresh receive status', startedMs, startedMs + 1, { status: code });
  const table: [what: string, failures: ReturnType<typeof failed>[], rolloutMs: number | undefined, hint?: RegExp][] = [
    [
      'the same error for all',
      [status(404), status(404)],
      undefined,
      /^requests were answered 404 .*name a path .* --path$/,
    ],
    [
      'a server that fails without a rollout',
      [status(500)],
      undefined,
      /^requests were answered 500 .*: the server fails by itself/,
    ],
    ['different errors', [status(404), status(500)], undefined],
    ['none', [], undefined],
    ['near miss: after the rollout began', [status(404, 1500)], 1000],
  ];
  for (const [what, failures, rolloutMs, hint] of table) {
    test(what, () => {
      const [text = ''] = hintsOf([trace({ rolloutMs, load: { failures } })]);
      assert.match(text, hint ?? /^$/);
    });
  }
});

const paused = (broke: number) =>
  trialResult({ runtime: 'own', variant: 'pauses', through: 'nginx', causes: { 'keep-alive-race': broke } });

cases('own-service', [
  {
    what: 'with pauses after which requests were lost',
    run: { trials: [control(), paused(7), own(0)] },
    state: 'broke',
    exitCode: 1,
    lines: ['pauses-behind-nginx broke 7 requests'],
  },
  {
    what: 'with pauses after which no more requests than allowed were lost',
    run: { trials: [control(), paused(7), own(0)], maxFailed: 7 },
    state: 'ok',
    exitCode: 0,
    lines: [],
  },
  {
    what: 'with pauses in place of the other control',
    run: { trials: [paused(0), own(0)] },
    state: 'invalid',
    exitCode: 3,
    lines: ['invalid: no control was measured'],
  },
]);

cases('comparison', [
  {
    what: 'with pauses after which requests were lost',
    run: { trials: [trialResult(), broke('pauses', 7)] },
    state: 'ok',
    exitCode: 0,
    lines: [],
  },
]);
