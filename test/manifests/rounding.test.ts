import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Deployment, IntOrPercent } from '../../src/kubernetes-rules/objects.ts';
import { effectiveStrategy, rollingUpdateLimits } from '../../src/kubernetes-rules/rounding.ts';

describe('how many pods a rolling update may have above and below replicas', () => {
  const table: [replicas: number, surge: IntOrPercent, unavailable: IntOrPercent, pods: [number, number]][] = [
    // Percentages: maxSurge rounds up, maxUnavailable down.
    [1, '25%', '25%', [1, 0]],
    [3, '25%', '25%', [1, 0]],
    [4, '25%', '25%', [1, 1]],
    [7, '25%', '25%', [2, 1]],
    [10, '25%', '25%', [3, 2]],
    [10, '100%', '0%', [10, 0]],
    [10, '0%', '100%', [0, 10]],
    [10, '150%', '0%', [15, 0]],
    [3, '1%', '99%', [1, 2]],
    [100, '29%', '29%', [29, 29]],
    // Numbers are taken as they are.
    [3, 1, 0, [1, 0]],
    [3, 0, 1, [0, 1]],
    [1, 5, 0, [5, 0]],
    [10, 2, '25%', [2, 2]],
    // Nothing could move, so one pod may be missing.
    [3, 0, 0, [0, 1]],
    [3, '0%', '0%', [0, 1]],
    [3, 0, '25%', [0, 1]],
    [0, '25%', '25%', [0, 1]],
  ];
  for (const [replicas, surge, unavailable, [maxSurge, maxUnavailable]] of table) {
    test(`${replicas} replicas, maxSurge ${surge}, maxUnavailable ${unavailable}: +${maxSurge} -${maxUnavailable}`, () => {
      assert.deepEqual(rollingUpdateLimits(surge, unavailable, replicas), { maxSurge, maxUnavailable });
    });
  }
});

describe('what the API server fills in where a Deployment is silent', () => {
  type Strategy = Deployment['spec']['strategy'];
  const table: [what: string, replicas: number | undefined, strategy: Strategy, expected: unknown[]][] = [
    ['nothing said', undefined, undefined, ['RollingUpdate', 1, 1, 0]],
    ['only replicas', 8, undefined, ['RollingUpdate', 8, 2, 2]],
    ['an empty strategy', 8, {}, ['RollingUpdate', 8, 2, 2]],
    ['only the type', 8, { type: 'RollingUpdate' }, ['RollingUpdate', 8, 2, 2]],
    ['only maxSurge', 8, { rollingUpdate: { maxSurge: 1 } }, ['RollingUpdate', 8, 1, 2]],
    ['only maxUnavailable', 8, { rollingUpdate: { maxUnavailable: 0 } }, ['RollingUpdate', 8, 2, 0]],
    ['Recreate', 8, { type: 'Recreate' }, ['Recreate', 8, 0, 8]],
    ['Recreate of one', undefined, { type: 'Recreate' }, ['Recreate', 1, 0, 1]],
  ];
  for (const [what, replicas, strategy, expected] of table) {
    test(what, () => {
      const spec = {
        selector: {},
        template: { spec: { containers: [{ name: 'app' }] } },
        ...(replicas === undefined ? {} : { replicas }),
        ...(strategy === undefined ? {} : { strategy }),
      };
      const { type, replicas: pods, maxSurge, maxUnavailable } = effectiveStrategy(spec);
      assert.deepEqual([type, pods, maxSurge, maxUnavailable], expected);
    });
  }
});
