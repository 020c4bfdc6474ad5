/** The deadline of a rollout: what counts as progress, and what is waited for beside it. */
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
  wanted: true,
  ready: true,
  available: true,
  graceMs: 30_000,
  ...properties,
});
const old = (name: string, properties: Partial<RolloutPod> = {}) => pod(name, { wanted: false, ...properties });
const starting = (name: string) => pod(name, { ready: false, available: false });
const terminating = (name: string, deletionMs: number, graceMs = 30_000) => old(name, { deletionMs, graceMs });

/** What is due after a look at each moment's pods. */
function after(looks: [atMs: number, pods: RolloutPod[]][], limits: Partial<RolloutLimits> = {}) {
  const deadline = new RolloutDeadline({ ...LIMITS, ...limits });
  const dues = looks.map(([atMs, pods]) => deadline.look(pods, atMs));
  return dues.at(-1);
}

describe('progress begins the deadline anew', () => {
  const before = [old('a'), old('b')];
  const table: [what: string, from: RolloutPod[], to: RolloutPod[], leftMs: number][] = [
    ['a new pod', before, [...before, starting('c')], 120_000],
    ['a pod that becomes ready', [...before, starting('c')], [...before, pod('c', { available: false })], 120_000],
    ['a pod that becomes available', [...before, pod('c', { available: false })], [...before, pod('c')], 120_000],
    ['an old pod fewer', [...before, pod('c')], [terminating('a', 50_000, 90_000), old('b'), pod('c')], 120_000],
    ['nothing', [...before, starting('c')], [...before, starting('c')], 70_000],
    ['a pod that is no longer ready', [...before, pod('c')], [...before, starting('c')], 70_000],
    ['the end of an old pod', [terminating('a', 0), old('b'), pod('c')], [old('b'), pod('c')], 70_000],
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

test('a deadline of 2147483647 s is none, and 600 s is meant where none is written', () => {
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

describe('old pods that terminate', () => {
  test('have their own time, of their own grace period, however long it is beside the deadline', () => {
    const pods = [terminating('a', 1000, 3_600_000), terminating('b', 2000, 3_600_000), pod('c'), pod('d')];
    const due = after([
      [1000, pods],
      [3_000_000, pods],
    ]);
    assert.equal(due?.leftMs, 1000 + 3_600_000 + 60_000 - 3_000_000);
    assert.equal(due?.overdue, 'pod a is still there 60 s after its grace period of 3600 s');
  });

  test('do not prolong the deadline of new ones that do not become ready', () => {
    const pods = [terminating('a', 0, 3_600_000), old('b'), starting('c')];
    const due = after([
      [0, pods],
      [110_000, pods],
    ]);
    assert.deepEqual(due, { leftMs: 10_000, overdue: 'no progress within 120 s (progressDeadlineSeconds)' });
  });

  test('suspend it where nothing is made before they are gone', () => {
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

test('pods that are all as they should be wait a minute for their endpoints, not for the deadline', () => {
  const pods = [pod('c'), pod('d')];
  const due = after([
    [0, [terminating('a', 0), ...pods]],
    [20_000, pods],
    [30_000, pods],
  ]);
  assert.equal(due?.leftMs, 50_000);
  assert.match(due?.overdue ?? '', /endpoints did not follow within 60 s/);
});
