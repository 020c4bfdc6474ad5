import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type PodCounts,
  type RolloutStep,
  recreateStep,
  rollingUpdateStep,
} from '../../src/kubernetes-rules/rolling-update.ts';
import { type RollingUpdateLimits, rollingUpdateLimits } from '../../src/kubernetes-rules/rounding.ts';
import { type Random, seededRandom } from '../../src/random.ts';

/** Total pods and available pods: '3/2'. Terminating pods count in neither. */
type Counts = `${number}/${number}`;
/** Pods to create and to delete: '+1 -0'. */
type Step = `+${number} -${number}`;

describe('what the Deployment controller does next', () => {
  /** maxSurge and maxUnavailable in pods. */
  type Limits = [surge: number, unavailable: number];
  const table: [what: string, replicas: number, limits: Limits, oldPods: Counts, newPods: Counts, step: Step][] = [
    ['the first pods are all created at once', 3, [1, 0], '0/0', '0/0', '+3 -0'],
    ['one replica: the new pod is created first', 1, [1, 0], '1/1', '0/0', '+1 -0'],
    ['one replica: the old pod stays until the new one is available', 1, [1, 0], '1/1', '1/0', '+0 -0'],
    ['one replica: then the old pod is deleted', 1, [1, 0], '1/1', '1/1', '+0 -1'],
    ['one replica without surge: the old pod is deleted first', 1, [0, 1], '1/1', '0/0', '+0 -1'],
    ['one replica without surge: its replacement is created while it terminates', 1, [0, 1], '0/0', '0/0', '+1 -0'],
    ['surge 1: one pod more', 3, [1, 0], '3/3', '0/0', '+1 -0'],
    ['surge 1: wait for it', 3, [1, 0], '3/3', '1/0', '+0 -0'],
    ['surge 1: an available new pod allows one old pod to be deleted', 3, [1, 0], '3/3', '1/1', '+0 -1'],
    ['surge 1: a terminating pod makes room immediately', 3, [1, 0], '2/2', '1/1', '+1 -0'],
    ['surge 1: the last old pod is deleted', 3, [1, 0], '1/1', '3/3', '+0 -1'],
    ['done', 3, [1, 0], '0/0', '3/3', '+0 -0'],
    ['done: an unavailable new pod is not replaced', 3, [1, 0], '0/0', '3/2', '+0 -0'],
    ['unavailable 1: one old pod is deleted before any new one exists', 3, [0, 1], '3/3', '0/0', '+0 -1'],
    ['unavailable 1: its place is filled', 3, [0, 1], '2/2', '0/0', '+1 -0'],
    ['unavailable 1: no second old pod is deleted meanwhile', 3, [0, 1], '2/2', '1/0', '+0 -0'],
    ['surge and unavailable: the new ones are created first', 10, [3, 2], '10/10', '0/0', '+3 -0'],
    ['surge and unavailable: then old ones are deleted', 10, [3, 2], '10/10', '3/0', '+0 -2'],
    ['surge and unavailable: then there is room again', 10, [3, 2], '8/8', '3/0', '+2 -0'],
    [
      'surge and unavailable: each available new pod allows one old pod to be deleted',
      10,
      [3, 2],
      '8/8',
      '5/3',
      '+0 -3',
    ],
    ['all at once: the same number of new pods is created', 10, [10, 10], '10/10', '0/0', '+10 -0'],
    ['all at once: then every old pod is deleted', 10, [10, 10], '10/10', '10/0', '+0 -10'],
    ['never more new pods than replicas', 3, [3, 0], '1/1', '2/0', '+1 -0'],
    ['unhealthy old pods stay while a new pod is unavailable too', 3, [1, 0], '3/1', '1/0', '+0 -0'],
    ['unhealthy old pods are deleted before healthy ones once it is available', 3, [1, 0], '3/1', '1/1', '+0 -1'],
    ['unhealthy old pods are deleted first and healthy ones stay', 10, [3, 2], '10/8', '3/0', '+0 -2'],
    ['unhealthy old pods do not count as available', 10, [3, 2], '10/9', '3/1', '+0 -3'],
    [
      'unhealthy old pods are deleted before any new one is available, if the limits allow',
      3,
      [1, 1],
      '3/1',
      '1/0',
      '+0 -1',
    ],
    ['only unhealthy old pods: one is deleted for each available new one', 3, [1, 0], '3/0', '1/1', '+0 -1'],
    ['unavailable new pods keep only as many unhealthy old ones as needed', 4, [1, 1], '4/2', '1/0', '+0 -1'],
    ['a limit above replicas is accepted', 2, [0, 5], '2/2', '0/0', '+0 -2'],
    ['no replicas: nothing to do', 0, [0, 1], '0/0', '0/0', '+0 -0'],
    ['no replicas: old pods are deleted', 0, [0, 1], '1/1', '0/0', '+0 -1'],
    ['fewer replicas: surplus pods are deleted at once', 1, [1, 0], '0/0', '3/3', '+0 -2'],
  ];
  for (const [what, replicas, [maxSurge, maxUnavailable], oldPods, newPods, step] of table) {
    test(`${what}: ${replicas} replicas, old ${oldPods}, new ${newPods}: ${step}`, () => {
      const limits = { maxSurge, maxUnavailable };
      assert.equal(written(rollingUpdateStep(replicas, limits, counts(oldPods), counts(newPods))), step);
    });
  }
});

describe('what Recreate does next', () => {
  const table: [what: string, active: number, terminating: number, newPods: number, step: Step][] = [
    ['all old pods are deleted at once', 3, 0, 0, '+0 -3'],
    ['no pod is created while one of them terminates', 0, 1, 0, '+0 -0'],
    ['when the last is gone, all new pods are created', 0, 0, 0, '+3 -0'],
    ['missing pods are created', 0, 0, 2, '+1 -0'],
    ['done', 0, 0, 3, '+0 -0'],
    ['fewer replicas: surplus pods are deleted', 0, 0, 5, '+0 -2'],
  ];
  for (const [what, active, terminating, newPods, step] of table) {
    test(what, () => assert.equal(written(recreateStep(3, { active, terminating }, newPods)), step));
  }
});

describe('a rolling update finishes and stays within its limits', () => {
  for (const replicas of [1, 2, 3, 10]) {
    for (const [surge, unavailable] of [
      [1, 0],
      [0, 1],
      ['25%', '25%'],
      ['100%', 0],
      ['30%', '50%'],
      [0, '100%'],
    ] as const) {
      for (const unhealthy of new Set([0, 1, replicas])) {
        test(`${replicas} replicas, maxSurge ${surge}, maxUnavailable ${unavailable}, ${unhealthy} unhealthy`, () => {
          const limits = rollingUpdateLimits(surge, unavailable, replicas);
          for (let seed = 1; seed <= 20; seed++) roll(replicas, limits, unhealthy, seededRandom(seed));
        });
      }
    }
  }
});

/** Simulates a rollout whose pods become available at random; fails if a limit is broken or the rollout is stuck. */
function roll(replicas: number, limits: RollingUpdateLimits, unhealthy: number, random: Random): void {
  const oldPods = { total: replicas, available: replicas - unhealthy };
  const newPods = { total: 0, available: 0 };
  const minAvailable = Math.min(oldPods.available, replicas - limits.maxUnavailable);
  for (let turn = 0; oldPods.total > 0 || newPods.available < replicas; turn++) {
    assert.ok(turn < 10 * replicas + 10, `stuck with old ${JSON.stringify(oldPods)}, new ${JSON.stringify(newPods)}`);
    const { createNew, deleteOld, deleteNew } = rollingUpdateStep(replicas, limits, oldPods, newPods);
    assert.equal(deleteNew, 0);
    newPods.total += createNew;
    const unavailable = oldPods.total - oldPods.available;
    oldPods.total -= deleteOld;
    oldPods.available -= Math.max(0, deleteOld - unavailable);
    assert.ok(oldPods.total + newPods.total <= replicas + limits.maxSurge, 'never more pods than replicas + maxSurge');
    assert.ok(newPods.total <= replicas, 'never more new pods than replicas');
    assert.ok(oldPods.available + newPods.available >= minAvailable, 'never fewer available than replicas allow');
    if (createNew + deleteOld > 0) continue; // after a step the controller decides again before anything else happens
    const starting = newPods.total - newPods.available;
    assert.ok(starting > 0, 'if there is nothing to do, a new pod is starting');
    newPods.available += 1 + Math.floor(random.next() * starting);
  }
  assert.deepEqual(newPods, { total: replicas, available: replicas });
}

function counts(text: Counts): PodCounts {
  const [total, available] = text.split('/').map(Number) as [number, number];
  return { total, available };
}

function written({ createNew, deleteOld, deleteNew }: RolloutStep): Step {
  return `+${createNew} -${deleteOld + deleteNew}`;
}
