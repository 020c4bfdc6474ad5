/** The events of one pod in order, and the stages of its timeline, for pictures and tables. */
import type { RouterView } from '../trace/cluster-record.ts';
import type { Trace } from '../trace/trace.ts';
import { BUCKET_MS } from '../trace/units.ts';
import { decidingAttempt } from './attribution.ts';
import type { PodTimeline } from './pod-timeline.ts';

/** Names of the events, worded to follow a pod's name. */
export const MOMENT_NAMES = {
  created: 'created',
  listening: 'listening',
  ready: 'ready',
  deletion: 'deletion requested',
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
  /** For "endpoint-removed" the router that stopped sending to the pod; for "exit" the signal or exit code. */
  detail?: string;
}

/**
 * The scenario of workload.json that opens a connection for each request. For other scenarios, a trace does not say
 * whether an answered request opened one.
 */
const FRESH_SCENARIO = 'fresh';

type TimeField = Exclude<keyof PodTimeline & `${string}Ms`, 'exitBoundMs'> | 'hookEnd';

const FIELDS: readonly (readonly [MomentId, TimeField])[] = [
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

/** Everything known about a pod, in order of time. Events caused by the cleanup of the trial are left out. */
export function podMoments(pod: PodTimeline, trace: Trace): Moment[] {
  const moments: Moment[] = FIELDS.flatMap(([id, field]) => {
    const atMs = field === 'hookEnd' ? pod.hook?.endedMs : pod[field];
    if (atMs === undefined || (pod.deletionMs === undefined && atMs > trace.loadStopMs)) return [];
    const detail = id === 'exit' ? (pod.exitSignal ?? pod.exitCode) : undefined;
    return [detail === undefined ? { id, atMs } : { id, atMs, detail: String(detail) }];
  });
  const { removals, lastNewMs } = seenByRouters(trace);
  if (pod.deletionMs !== undefined) for (const removal of removals.get(pod.uid) ?? []) moments.push(removal);
  const lastMs = trace.load.newConnections?.[pod.uid]?.lastMs ?? lastNewMs.get(pod.uid);
  if (pod.deletionMs !== undefined && lastMs !== undefined) moments.push({ id: 'last-new-connection', atMs: lastMs });
  return moments.sort((a, b) => a.atMs - b.atMs);
}

/** What the routers did, per pod (uid). */
interface SeenByRouters {
  /** When each router stopped sending new connections to it for good. */
  removals: Map<string, Moment[]>;
  /**
   * The last new connection, derived from the requests (answered ones are known only to 100 ms). Used if the load did
   * not record it.
   */
  lastNewMs: Map<string, number>;
}

/** Cached per trace, because every pod asks. */
const seen = new WeakMap<Trace, SeenByRouters>();

function seenByRouters(trace: Trace): SeenByRouters {
  const known = seen.get(trace);
  if (known) return known;
  const found = { removals: removalsIn(trace), lastNewMs: lastNewConnections(trace) };
  seen.set(trace, found);
  return found;
}

function removalsIn({ cluster }: Trace): Map<string, Moment[]> {
  const views = new Map<string, RouterView[]>();
  for (const view of cluster.routerViews) {
    const same = views.get(view.router);
    if (same) same.push(view);
    else views.set(view.router, [view]);
  }
  const removals = new Map<string, Moment[]>();
  for (const [router, own] of views) {
    const lastIndex = new Map<string, number>();
    for (const [index, { pods }] of own.entries()) for (const uid of pods) lastIndex.set(uid, index);
    for (const [uid, index] of lastIndex) {
      const next = own[index + 1];
      if (!next) continue;
      const removal: Moment = { id: 'endpoint-removed', atMs: next.atMs, detail: router };
      const others = removals.get(uid);
      if (others) others.push(removal);
      else removals.set(uid, [removal]);
    }
  }
  return removals;
}

function lastNewConnections({ load }: Trace): Map<string, number> {
  const lastMs = new Map<string, number>();
  const note = (uid: string, ms: number) => lastMs.set(uid, Math.max(lastMs.get(uid) ?? ms, ms));
  for (const { scenario, pod, bucket } of load.successes)
    if (scenario === FRESH_SCENARIO) note(pod, bucket * BUCKET_MS);
  for (const request of load.failures) {
    const { connection, pod, startedMs } = decidingAttempt(request);
    if (connection.state === 'fresh' && pod) note(pod.uid, startedMs);
  }
  return lastMs;
}

/**
 * starting, ready, leaving (deleted, SIGTERM not sent yet), stopping (SIGTERM sent), finishing (no longer listening).
 */
export type PodStage = 'starting' | 'ready' | 'leaving' | 'stopping' | 'finishing';

export interface StageSpan {
  stage: PodStage;
  fromMs: number;
  toMs: number;
}

/** The stages of a pod until its exit or `untilMs`, without gaps. */
export function stageSpans(pod: PodTimeline, untilMs: number): StageSpan[] {
  const endMs = Math.min(pod.exitMs ?? untilMs, untilMs);
  const begins: [PodStage, number | undefined][] = [
    ['starting', pod.createdMs],
    ['ready', pod.readyMs],
    ['leaving', pod.deletionMs],
    ['stopping', pod.sigtermMs],
    ['finishing', pod.stoppedListeningMs],
  ];
  const begun = begins.filter((begin): begin is [PodStage, number] => begin[1] !== undefined && begin[1] <= endMs);
  return begun
    .map(([stage, fromMs], index) => ({ stage, fromMs, toMs: begun[index + 1]?.[1] ?? endMs }))
    .filter((span) => span.toMs > span.fromMs);
}

/** The stage that a pod is in now, as far as is known. */
export function podState(pod: PodTimeline): PodStage | 'gone' {
  if (pod.exitMs !== undefined) return 'gone';
  if (pod.stoppedListeningMs !== undefined) return 'finishing';
  if (pod.sigtermMs !== undefined) return 'stopping';
  if (pod.deletionMs !== undefined) return 'leaving';
  return pod.readyMs === undefined ? 'starting' : 'ready';
}
