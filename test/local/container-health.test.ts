/** When a container becomes ready: the rules that a kubelet was seen to follow (docs/decisions/0012-the-kubelets-list.md). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ContainerHealth } from '../../src/clusters/local/container-health.ts';
import { probeWithDefaults } from '../../src/kubernetes-rules/defaults.ts';
import type { Container, Probe } from '../../src/kubernetes-rules/objects.ts';
import type * as Written from '../../src/kubernetes-rules/written-objects.ts';
import { fakeTime } from './fake-node.ts';

const PROBES_START_MS = 350;
const PROCESS_START_MS = 500;
/** Then, and every second after. */
const FIRST_LIST_MS = 630;

const GET = { httpGet: { path: '/readyz', port: 8080 } };
const startup = probeWithDefaults({ ...GET, periodSeconds: 1, failureThreshold: 30 });
const every = (periodSeconds: number, more: Written.Probe = {}): Probe =>
  probeWithDefaults({ ...GET, periodSeconds, ...more });

describe('a container is ready', () => {
  const table: [what: string, probes: Partial<Container>, answersFromMs: number, readyMs: number][] = [
    ['without probes, at the first list', {}, 9999, 630],
    ['at the first list, however long the period of its probe', { readinessProbe: every(10) }, 600, 630],
    ['at the second list, when it does not answer at the first', { readinessProbe: every(10) }, 700, 1630],
    ['then after a whole period from the second list', { readinessProbe: every(3) }, 1700, 4630],
    [
      'after its initial delay, a period after the second list',
      { readinessProbe: every(3, { initialDelaySeconds: 2 }) },
      600,
      4630,
    ],
    [
      'at the second list, when its startup probe succeeds before',
      { startupProbe: startup, readinessProbe: every(10) },
      700,
      1630,
    ],
    [
      'as soon as its startup probe succeeds after that',
      { startupProbe: startup, readinessProbe: every(10) },
      2000,
      2350,
    ],
    ['by its startup probe alone', { startupProbe: startup }, 700, 1630],
  ];
  for (const [what, probes, answersFromMs, readyMs] of table) {
    test(what, async (t) => {
      const time = fakeTime(t);
      const ready: number[] = [];
      const ending = new AbortController();
      const health = new ContainerHealth({
        container: { name: 'app', image: 'app', ...probes } as Container,
        check: () => async () => time.nowMs() >= answersFromMs,
        relist: {
          next: () =>
            new Promise((resolve) => setTimeout(resolve, 1000 - ((1000 + time.nowMs() - FIRST_LIST_MS) % 1000))),
        },
        signal: ending.signal,
        onReady: (now) => {
          if (now) ready.push(time.nowMs());
        },
        onUnhealthy: () => assert.fail('nothing is wrong with it'),
      });
      t.after(() => health.stopProbes());
      await time.pass(PROBES_START_MS);
      health.startProbes();
      await time.pass(PROCESS_START_MS - PROBES_START_MS);
      void health.containerRuns();
      await time.pass(6000);
      assert.deepEqual(ready, [readyMs]);
    });
  }
});
