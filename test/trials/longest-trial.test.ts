/** The longest time that the load of a trial runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestTrialMs } from '../../src/trials/longest-trial.ts';
import { manifests, type Shape } from '../engine/manifests.ts';

const MINUTE_MS = 60_000;
const table: [what: string, shape: Shape, minutes: number][] = [
  ['one pod with the deadlines of the API server', {}, 30 + 10 + 0.5 + 1],
  ['each pod has its own deadline', { replicas: 3 }, 30 + 3 * (10 + 0.5 + 1)],
  [
    'a rollout that takes an hour may take an hour',
    { replicas: 2, progressDeadlineSeconds: 1800, graceSeconds: 60 },
    30 + 64,
  ],
  ['without a deadline, one day', { progressDeadlineSeconds: 2_147_483_647 }, 24 * 60],
];
for (const [what, shape, minutes] of table) {
  test(what, () => {
    const longestMs = longestTrialMs(manifests(shape).workload, shape.replicas ?? 1);
    assert.equal(longestMs / MINUTE_MS, minutes);
  });
}
