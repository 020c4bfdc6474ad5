import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withDefaults } from '../../src/kubernetes-rules/defaults.ts';
import { effectiveStrategy, rollingUpdateLimits } from '../../src/kubernetes-rules/rounding.ts';
import type { IntOrPercent, Workload } from '../../src/kubernetes-rules/written-objects.ts';

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

describe('the strategy of', () => {
  const SPEC = { selector: {}, template: { spec: { containers: [{ name: 'app' }] } } };
  const workload = (kind: string, spec: object) =>
    withDefaults({ apiVersion: 'apps/v1', kind, metadata: { name: 'a' }, spec: { ...SPEC, ...spec } } as Workload);

  const table: [what: string, kind: string, spec: object, expected: unknown[]][] = [
    ['a Deployment that says nothing', 'Deployment', {}, ['RollingUpdate', 1, 1, 0]],
    ['one with replicas alone', 'Deployment', { replicas: 8 }, ['RollingUpdate', 8, 2, 2]],
    ['one with an empty strategy', 'Deployment', { replicas: 8, strategy: {} }, ['RollingUpdate', 8, 2, 2]],
    ['one with maxSurge', 'Deployment', surging({ maxSurge: 1 }), ['RollingUpdate', 8, 1, 2]],
    ['one with maxUnavailable', 'Deployment', surging({ maxUnavailable: 0 }), ['RollingUpdate', 8, 2, 0]],
    ['Recreate', 'Deployment', { replicas: 8, strategy: { type: 'Recreate' } }, ['Recreate', 8, 0, 8]],
    ['Recreate of one', 'Deployment', { strategy: { type: 'Recreate' } }, ['Recreate', 1, 0, 1]],
    ['a StatefulSet', 'StatefulSet', { replicas: 8 }, ['RollingUpdate', 8, 0, 1]],
    ['a StatefulSet that rounds down', 'StatefulSet', updating('30%', 8), ['RollingUpdate', 8, 0, 2]],
    ['a StatefulSet that rounds down to nothing', 'StatefulSet', updating('10%', 8), ['RollingUpdate', 8, 0, 1]],
    ['a StatefulSet OnDelete', 'StatefulSet', { updateStrategy: { type: 'OnDelete' } }, ['OnDelete', 1, 0, 0]],
    ['a DaemonSet', 'DaemonSet', {}, ['RollingUpdate', 5, 0, 1]],
    ['a DaemonSet that rounds up', 'DaemonSet', updating('30%'), ['RollingUpdate', 5, 0, 2]],
    [
      'a DaemonSet that surges',
      'DaemonSet',
      { updateStrategy: { rollingUpdate: { maxSurge: '10%', maxUnavailable: 0 } } },
      ['RollingUpdate', 5, 1, 0],
    ],
    ['a DaemonSet that lets nothing move', 'DaemonSet', updating(0), ['RollingUpdate', 5, 0, 1]],
    ['a DaemonSet OnDelete', 'DaemonSet', { updateStrategy: { type: 'OnDelete' } }, ['OnDelete', 5, 0, 0]],
  ];
  for (const [what, kind, spec, expected] of table) {
    test(what, () => {
      const { type, replicas, maxSurge, maxUnavailable } = effectiveStrategy(workload(kind, spec), 5);
      assert.deepEqual([type, replicas, maxSurge, maxUnavailable], expected);
    });
  }

  function surging(rollingUpdate: object) {
    return { replicas: 8, strategy: { rollingUpdate } };
  }
  function updating(maxUnavailable: IntOrPercent, replicas?: number) {
    return { ...(replicas && { replicas }), updateStrategy: { rollingUpdate: { maxUnavailable } } };
  }
});
