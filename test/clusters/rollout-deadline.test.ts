/** The deadline of a rollout: what counts as progress, and what has a time limit of its own. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  RolloutDeadline,
  type RolloutLimits,
  type RolloutPod,
  rolloutLimits,
} from '../../src/clusters/rollout-deadline.ts';
import { manifests } from '../engine/manifests.ts';

const LIMITS: RolloutLimits = { replicas: 2, progressDeadlineMs: 120_000, waitsForTermination: false };

const pod = (name: string, properties: Partial<RolloutPod> = {}): RolloutPod => ({
  name,
  updated: true,
  ready: true,
  available: true,
  graceMs: 30_000,
  ...properties,
});
const old = (name: string, properties: Partial<RolloutPod> = {}) => pod(name, { updated: false, ...properties });
const starting = (name: string) => pod(name, { ready: false, available: false });
const terminating = (name: string, deletionMs: number, graceMs = 30_000) => old(name, { deletionMs, graceMs });

/** What is due after the last of these states of the pods. */
function after(looks: [atMs: number, pods: RolloutPod[]][], limits: Partial<RolloutLimits> = {}) {
  const deadline = new RolloutDeadline({ ...LIMITS, ...limits });
  const dues = looks.map(([atMs, pods]) => deadline.update(pods, atMs));
  return dues.at(-1);
}

describe('what restarts the deadline', () => {
  const before = [old('a'), old('b')];
  const table: [what: string, from: RolloutPod[], to: RolloutPod[], leftMs: number][] = [
    ['a new pod', before, [...before, starting('c')], 120_000],
    ['a pod that becomes ready', [...before, starting('c')], [...before, pod('c', { available: false })], 120_000],
    ['a pod that becomes available', [...before, pod('c', { available: false })], [...before, pod('c')], 120_000],
    ['one old pod less', [...before, pod('c')], [terminating('a', 50_000, 90_000), old('b'), pod('c')], 120_000],
    ['no change does not', [...before, starting('c')], [...before, starting('c')], 70_000],
    ['a pod that becomes unready does not', [...before, pod('c')], [...before, starting('c')], 70_000],
    ['the end of an old pod does not', [terminating('a', 0), old('b'), pod('c')], [old('b'), pod('c')], 70_000],
  ];
  for (const [what, from, to, leftMs] of table) {
    test(what, () => {
      assert.equal(
        after([
          [0, from],
          [50_000, to],
        ])?.leftMs,
        leftMs,
      );
    });
  }
});

test('2147483647 s means no deadline, and the default is 600 s', () => {
  const ms = (progressDeadlineSeconds?: number) =>
    rolloutLimits(manifests(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }).workload)
      .progressDeadlineMs;
  assert.deepEqual(
    [ms(2_147_483_647), ms(2_147_483_646), ms()],
    [Number.POSITIVE_INFINITY, 2_147_483_646_000, 600_000],
  );
  const due = after([[0, [starting('a')]]], { progressDeadlineMs: ms(2_147_483_647) });
  assert.equal(due?.leftMs, Number.POSITIVE_INFINITY);
});

describe('terminating old pods', () => {
  test('have a limit of their own that follows their grace period, not the deadline', () => {
    const pods = [terminating('a', 1000, 3_600_000), terminating('b', 2000, 3_600_000), pod('c'), pod('d')];
    const due = after([
      [1000, pods],
      [3_000_000, pods],
    ]);
    assert.equal(due?.leftMs, 1000 + 3_600_000 + 60_000 - 3_000_000);
    assert.equal(due?.overdue, 'pod a still exists 60 s after its grace period of 3600 s');
  });

  test('do not extend the deadline of new pods that stay unready', () => {
    const pods = [terminating('a', 0, 3_600_000), old('b'), starting('c')];
    const due = after([
      [0, pods],
      [110_000, pods],
    ]);
    assert.deepEqual(due, { leftMs: 10_000, overdue: 'no progress within 120 s (progressDeadlineSeconds)' });
  });

  test('suspend the deadline if no pod is created before they are gone', () => {
    const pods = [terminating('a', 0, 300_000), old('b')];
    const waiting = { waitsForTermination: true };
    assert.equal(
      after(
        [
          [0, pods],
          [290_000, pods],
        ],
        waiting,
      )?.leftMs,
      70_000,
    );
    assert.equal(
      after(
        [
          [0, pods],
          [290_000, pods],
          [301_000, [old('b')]],
        ],
        waiting,
      )?.leftMs,
      109_000,
    );
  });
});

test('once all pods are available, the endpoints have a minute to follow, independent of the deadline', () => {
  const pods = [pod('c'), pod('d')];
  const due = after([
    [0, [terminating('a', 0), ...pods]],
    [20_000, pods],
    [30_000, pods],
  ]);
  assert.equal(due?.leftMs, 50_000);
  assert.match(due?.overdue ?? '', /endpoints did not follow within 60 s/);
});
