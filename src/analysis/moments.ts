/** What happened to one pod, in order, and which part of its life each stretch of time was: for timelines and tables. */
import type { Trace } from '../trace/trace.ts';
import { BUCKET_MS } from '../trace/units.ts';
import { decidingAttempt } from './attribution.ts';
import type { PodLife } from './pod-life.ts';

/** In words, as they follow a pod's name. */
export const MOMENT_NAMES = {
  created: 'created',
  listening: 'listening',
  ready: 'ready',
  deletion: 'deletion asked for',
  'endpoint-removed': 'endpoint removed',
  'last-new-connection': 'last new connection',
  'pre-stop-end': 'preStop ended',
  sigterm: 'SIGTERM',
  draining: 'draining',
  'not-ready': 'not ready',
  'stopped-listening': 'stopped listening',
  sigkill: 'SIGKILL',
  exit: 'exit',
} as const;
export type MomentId = keyof typeof MOMENT_NAMES;

export interface Moment {
  id: MomentId;
  atMs: number;
  /** The router that stopped sending to it ("endpoint-removed"), or how it ended ("exit"). */
  detail?: string;
}

/** The scenario of workload.json that opens a connection for each request; a trace does not say so of any other. */
const FRESH_SCENARIO = 'fresh';

const FIELDS: readonly (readonly [MomentId, Exclude<keyof PodLife & `${string}Ms`, 'exitBoundMs'> | 'hookEnd'])[] = [
  ['created', 'createdMs'],
  ['listening', 'listeningMs'],
  ['ready', 'readyMs'],
  ['deletion', 'deletionMs'],
  ['pre-stop-end', 'hookEnd'],
  ['sigterm', 'sigtermMs'],
  ['draining', 'drainingMs'],
  ['not-ready', 'notReadyMs'],
  ['stopped-listening', 'stoppedListeningMs'],
  ['sigkill', 'sigkillMs'],
  ['exit', 'exitMs'],
];

/** Everything that is known of a pod's life, in order of time. What came when the trial was taken away is left out. */
export function podMoments(pod: PodLife, trace: Trace): Moment[] {
  const moments: Moment[] = FIELDS.flatMap(([id, field]) => {
    const atMs = field === 'hookEnd' ? pod.hook?.endedMs : pod[field];
    if (atMs === undefined || (pod.deletionMs === undefined && atMs > trace.loadStopMs)) return [];
    const detail = id === 'exit' ? (pod.exitSignal ?? pod.exitCode) : undefined;
    return [detail === undefined ? { id, atMs } : { id, atMs, detail: String(detail) }];
  });
  moments.push(...endpointRemovals(pod, trace));
  const lastMs = lastNewConnectionMs(pod, trace);
  if (pod.deletionMs !== undefined && lastMs !== undefined) moments.push({ id: 'last-new-connection', atMs: lastMs });
  return moments.sort((a, b) => a.atMs - b.atMs);
}

/** When each router stopped sending new connections to the pod for good, after its deletion. */
function endpointRemovals(pod: PodLife, { cluster }: Trace): Moment[] {
  const routers = new Set(cluster.routerViews.map((view) => view.router));
  return [...routers].flatMap((router) => {
    const views = cluster.routerViews.filter((view) => view.router === router);
    const last = views.findLastIndex((view) => view.pods.includes(pod.uid));
    const next = views[last + 1];
    return last < 0 || !next || pod.deletionMs === undefined
      ? []
      : [{ id: 'endpoint-removed' as const, atMs: next.atMs, detail: router }];
  });
}

/** The load may have kept it; else it follows from the requests, of which those answered are known to 100 ms only. */
function lastNewConnectionMs(pod: PodLife, { load }: Trace): number | undefined {
  const told = load.newConnections?.[pod.uid]?.lastMs;
  if (told !== undefined) return told;
  let lastMs: number | undefined;
  const at = (ms: number) => {
    lastMs = Math.max(lastMs ?? ms, ms);
  };
  for (const { scenario, pod: uid, bucket } of load.successes) {
    if (scenario === FRESH_SCENARIO && uid === pod.uid) at(bucket * BUCKET_MS);
  }
  for (const request of load.failures) {
    const { connection, pod: sentTo, startedMs } = decidingAttempt(request);
    if (connection.state === 'fresh' && sentTo?.uid === pod.uid) at(startedMs);
  }
  return lastMs;
}

/** starting, ready, leaving (told to go, SIGTERM not sent yet), stopping (SIGTERM sent), finishing (listens no more). */
export type LifePart = 'starting' | 'ready' | 'leaving' | 'stopping' | 'finishing';

export interface LifeStretch {
  part: LifePart;
  fromMs: number;
  toMs: number;
}

/** The parts of a pod's life until its exit or `untilMs`, without gaps. */
export function lifeStretches(pod: PodLife, untilMs: number): LifeStretch[] {
  const endMs = Math.min(pod.exitMs ?? untilMs, untilMs);
  const begins: [LifePart, number | undefined][] = [
    ['starting', pod.createdMs],
    ['ready', pod.readyMs],
    ['leaving', pod.deletionMs],
    ['stopping', pod.sigtermMs],
    ['finishing', pod.stoppedListeningMs],
  ];
  const seen = begins.filter((begin): begin is [LifePart, number] => begin[1] !== undefined && begin[1] <= endMs);
  return seen
    .map(([part, fromMs], index) => ({ part, fromMs, toMs: seen[index + 1]?.[1] ?? endMs }))
    .filter((stretch) => stretch.toMs > stretch.fromMs);
}

/** Where in its life a pod is by what is known of it now. */
export function podState(pod: PodLife): LifePart | 'gone' {
  if (pod.exitMs !== undefined) return 'gone';
  if (pod.stoppedListeningMs !== undefined) return 'finishing';
  if (pod.sigtermMs !== undefined) return 'stopping';
  if (pod.deletionMs !== undefined) return 'leaving';
  return pod.readyMs === undefined ? 'starting' : 'ready';
}
