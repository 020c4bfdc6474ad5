/** When a container becomes ready: rules observed on a kubelet (docs/decisions/0012-the-kubelets-list.md). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ContainerHealth } from '../../src/clusters/local/container-health.ts';
import { probeWithDefaults } from '../../src/kubernetes-rules/defaults.ts';
import type { Container, Probe } from '../../src/kubernetes-rules/objects.ts';
import type * as Written from '../../src/kubernetes-rules/written-objects.ts';
import { fakeTime } from './fake-node.ts';

const PROBES_START_MS = 350;
const PROCESS_START_MS = 500;
/** When the first relist happens; then one per second. */
const FIRST_LIST_MS = 630;

const GET = { httpGet: { path: '/readyz', port: 8080 } };
const startup = probeWithDefaults({ ...GET, periodSeconds: 1, failureThreshold: 30 });
const every = (periodSeconds: number, more: Written.Probe = {}): Probe =>
  probeWithDefaults({ ...GET, periodSeconds, ...more });

describe('a container becomes ready', () => {
  const table: [what: string, probes: Partial<Container>, answersFromMs: number, readyMs: number][] = [
    ['without probes, at the first relist', {}, 9999, 630],
    ['at the first relist, whatever the period of its probe', { readinessProbe: every(10) }, 600, 630],
    ['at the second relist, if its probe fails at the first', { readinessProbe: every(10) }, 700, 1630],
    ['a whole period after the second relist, if its probe fails at both', { readinessProbe: every(3) }, 1700, 4630],
    [
      'a period after the second relist, if the initial delay has not passed by then',
      { readinessProbe: every(3, { initialDelaySeconds: 2 }) },
      600,
      4630,
    ],
    [
      'at the second relist, if its startup probe succeeds before',
      { startupProbe: startup, readinessProbe: every(10) },
      700,
      1630,
    ],
    [
      'as soon as its startup probe succeeds, if that is later',
      { startupProbe: startup, readinessProbe: every(10) },
      2000,
      2350,
    ],
    ['at the second relist with only a startup probe', { startupProbe: startup }, 700, 1630],
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
        onUnhealthy: () => assert.fail('the container is healthy'),
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
