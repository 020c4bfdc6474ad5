/** What a PodDisruptionBudget allows. In the pods, r is ready, u unready, p pending, t terminating. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { budgetStatus, evict } from '../../src/kubernetes-rules/disruption-budget.ts';
import type { PodDisruptionBudget } from '../../src/kubernetes-rules/written-objects.ts';

type Spec = PodDisruptionBudget['spec'];

const budget = (spec: Spec, name = 'web'): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name },
  spec,
});

function pods(text: string) {
  return [...text].map((state) => ({
    running: state !== 'p',
    ready: state === 'r' || state === 't',
    terminating: state === 't',
  }));
}

describe('a budget', () => {
  const table: [spec: Spec, replicas: number, pods: string, healthy: string, allowed: number][] = [
    [{ minAvailable: 2 }, 3, 'rrr', '3 of 2', 1],
    [{ minAvailable: 3 }, 3, 'rrr', '3 of 3', 0],
    [{ minAvailable: 5 }, 3, 'rrr', '3 of 5', 0],
    [{ minAvailable: '50%' }, 3, 'rrr', '3 of 2', 1],
    [{ minAvailable: '34%' }, 3, 'rrr', '3 of 2', 1],
    [{ minAvailable: '100%' }, 3, 'rrr', '3 of 3', 0],
    [{ maxUnavailable: 1 }, 3, 'rrr', '3 of 2', 1],
    [{ maxUnavailable: 0 }, 3, 'rrr', '3 of 3', 0],
    [{ maxUnavailable: '34%' }, 3, 'rrr', '3 of 1', 2],
    [{ maxUnavailable: '10%' }, 3, 'rrr', '3 of 2', 1],
    [{ maxUnavailable: 5 }, 3, 'rrr', '3 of 0', 3],
    [{ maxUnavailable: 1 }, 3, 'rru', '2 of 2', 0],
    [{ maxUnavailable: 1 }, 3, 'rrt', '2 of 2', 0],
    [{ maxUnavailable: 1 }, 3, 'rrtr', '3 of 2', 1],
    [{ maxUnavailable: 1 }, 3, 'rr', '2 of 2', 0],
    [{}, 3, 'rrr', '3 of 0', 3],
  ];
  for (const [spec, replicas, present, healthy, allowed] of table) {
    test(`${JSON.stringify(spec)} of ${replicas}, pods ${present}: ${allowed}`, () => {
      const status = budgetStatus(budget(spec), replicas, pods(present));
      assert.equal(`${status.currentHealthy} of ${status.desiredHealthy}`, healthy);
      assert.equal(status.disruptionsAllowed, allowed);
    });
  }
});

describe('the eviction of the first pod', () => {
  const ALWAYS = { unhealthyPodEvictionPolicy: 'AlwaysAllow' };
  const table: [what: string, specs: Spec[], pods: string, evicted: boolean][] = [
    ['without a budget', [], 'r', true],
    ['that the budget allows', [{ minAvailable: 1 }], 'rr', true],
    ['that it does not allow', [{ minAvailable: 2 }], 'rr', false],
    ['of a pending pod', [{ minAvailable: 2 }], 'pr', true],
    ['of a terminating pod', [{ minAvailable: 2 }], 'tr', true],
    ['of an unready pod while enough others are healthy', [{ minAvailable: 1 }], 'ur', true],
    ['of an unready pod while too few are', [{ minAvailable: 2 }], 'ur', false],
    ['of an unready pod, with AlwaysAllow', [{ minAvailable: 2, ...ALWAYS }], 'ur', true],
    ['of a ready pod, with AlwaysAllow', [{ minAvailable: 2, ...ALWAYS }], 'rr', false],
  ];
  for (const [what, specs, present, evicted] of table) {
    test(what, () => {
      const all = pods(present);
      const answer = evict(
        all[0] as (typeof all)[0],
        specs.map((spec) => budget(spec)),
        all.length,
        all,
      );
      assert.equal(answer.evicted, evicted);
    });
  }

  test('is refused in the words of the API server, to be tried again', () => {
    const all = pods('rr');
    assert.deepEqual(evict(all[0] as (typeof all)[0], [budget({ minAvailable: 2 })], 2, all), {
      evicted: false,
      tryAgain: true,
      message:
        "Cannot evict pod as it would violate the pod's disruption budget. The disruption budget web needs 2 healthy pods and has 2 currently",
    });
  });

  test('by two budgets is refused for good', () => {
    const all = pods('rr');
    const answer = evict(all[0] as (typeof all)[0], [budget({}), budget({}, 'other')], 2, all);
    assert.ok(!answer.evicted && !answer.tryAgain);
  });
});
