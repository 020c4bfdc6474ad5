/**
 * When a kubelet reports a container as ready, and when it removes a pod that has ended: `npm run bench:kubelet`, on the
 * current kubeconfig context, which needs the Bun image (npm run images). The local cluster follows what this measures.
 * All times come from one watch, so they are accurate to about 10 ms.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { watchResource } from '../src/clusters/kubernetes/watches.ts';
import { imageName } from '../tools/images/image-builder.ts';
import { record } from './record.ts';
import { median, rounded } from './statistics.ts';

const PODS = Number(process.argv[2] ?? 4);
const LIMIT_MS = 60_000;

const GET = { httpGet: { path: '/readyz', port: 8080 } };
const STARTUP = { startupProbe: { ...GET, periodSeconds: 1, failureThreshold: 30 } };
type Probes = Pick<V1Container, 'startupProbe' | 'readinessProbe'>;
const PROBES: Record<string, Probes> = {
  none: {},
  'readiness every 1 s': { readinessProbe: { ...GET, periodSeconds: 1 } },
  'readiness every 10 s': { readinessProbe: { ...GET, periodSeconds: 10 } },
  'readiness every 3 s after 2 s': { readinessProbe: { ...GET, periodSeconds: 3, initialDelaySeconds: 2 } },
  'startup and readiness every 1 s': { ...STARTUP, readinessProbe: { ...GET, periodSeconds: 1 } },
  'startup every 1 s, readiness every 10 s': { ...STARTUP, readinessProbe: { ...GET, periodSeconds: 10 } },
};

/** When something was first seen of a pod, in ms (performance.now). */
interface Seen {
  created: number;
  running?: number;
  started?: number;
  ready?: number;
  ended?: number;
  gone?: number;
}

const api = KubernetesApi.connect();
const namespace = `kubelet-${Date.now()}`;
const ending = new AbortController();
const seen = new Map<string, Seen>();

function note(pod: V1Pod, gone = false): void {
  const times = seen.get(pod.metadata?.name ?? '');
  if (!times) return;
  const now = performance.now();
  const status = pod.status?.containerStatuses?.[0];
  if (status?.state?.running) times.running ??= now;
  if (status?.started) times.started ??= now;
  if (status?.state?.terminated) times.ended ??= now;
  if (pod.status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')) times.ready ??= now;
  if (gone) times.gone = now;
}

async function until(name: string, what: keyof Seen): Promise<Seen> {
  const endMs = performance.now() + LIMIT_MS;
  for (;;) {
    const times = seen.get(name);
    if (times?.[what] !== undefined) return times;
    if (performance.now() > endMs) throw new Error(`${name}: not ${what} within ${LIMIT_MS / 1000} s`);
    await delay(20);
  }
}

/** One pod, from its creation to its end: when it was ready, and after a while when it was gone. */
async function observe(name: string, probes: Probes): Promise<Seen> {
  const env = Object.entries({ PORT: '8080', HOST: '0.0.0.0', SHUTDOWN: 'exit' });
  const container = {
    name: 'app',
    image: imageName('bun'),
    imagePullPolicy: 'IfNotPresent',
    env: env.map(([key, value]) => ({ name: key, value })),
    ...probes,
  };
  seen.set(name, { created: performance.now() });
  await api.core.createNamespacedPod({ namespace, body: { metadata: { name }, spec: { containers: [container] } } });
  await until(name, 'ready');
  // Long enough after that change for the kubelet to be done with it, and at any moment between two of its lists.
  await delay(2000 + Math.random() * 1000);
  await api.core.deleteNamespacedPod({ name, namespace });
  return until(name, 'gone');
}

await api.core.createNamespace({ body: { metadata: { name: namespace } } });
try {
  const list = () => api.core.listNamespacedPod({ namespace });
  await watchResource<V1Pod>(api, { path: `/api/v1/namespaces/${namespace}/pods`, list }, ending.signal, {
    onChange: (pod) => note(pod),
    onDelete: (pod) => note(pod, true),
    onGap: (error) => console.error('the watch was interrupted', error),
    onError: (error) => {
      throw error;
    },
  });
  const rows: object[] = [];
  const all: Seen[] = [];
  for (const [index, [probes, fields]] of Object.entries(PROBES).entries()) {
    const pods: Seen[] = [];
    for (let i = 0; i < PODS; i++) pods.push(await observe(`pod-${index}-${i}`, fields));
    all.push(...pods);
    const between = (from: keyof Seen, to: keyof Seen) => pods.map((pod) => (pod[to] ?? Number.NaN) - (pod[from] ?? 0));
    const spread = (name: string, values: readonly number[]) => ({
      [`${name}Ms`]: rounded(median(values)),
      [`${name}Range`]: `${Math.round(Math.min(...values))}–${Math.round(Math.max(...values))}`,
    });
    rows.push({
      probes,
      ...spread('createdToRunning', between('created', 'running')),
      ...spread('runningToStarted', between('running', 'started')),
      ...spread('runningToReady', between('running', 'ready')),
    });
  }
  // A second of its lists, counted from the one that saw the container run.
  const release = all.map(({ running = 0, gone = 0 }) => Math.round((gone - running) % 1000)).toSorted((a, b) => a - b);
  const removal = all.map(({ ended = 0, gone = 0 }) => Math.round(gone - ended)).toSorted((a, b) => a - b);
  record('kubelet', rows, { podsEach: PODS, endedToGoneMs: removal, goneAfterListMs: release });
} finally {
  ending.abort();
  await api.core.deleteNamespace({ name: namespace });
}
