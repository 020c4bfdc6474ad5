/** A trace indexed for analysis: each pod's timeline by uid, and its first and last requests. */
import type { FailedRequest, SuccessBucket } from '../trace/load-record.ts';
import type { Trace } from '../trace/trace.ts';
import { BUCKET_MS } from '../trace/units.ts';
import type { Explanation } from './causes.ts';
import type { Span } from './exposure.ts';
import { type HeldSessions, heldSessions } from './held-sessions.ts';
import { type PodTimeline, podTimeline } from './pod-timeline.ts';
import { knownSpans, unservedSpans } from './serving.ts';
import type { LastRequests } from './timeline.ts';

/** The parts of a trace that attribution reads. */
export type Story = Pick<Trace, 'cluster' | 'load'> & Partial<Pick<Trace, 'pauses'>>;

export interface History {
  cluster: Trace['cluster'];
  load: Trace['load'];
  pods: readonly PodTimeline[];
  byUid: ReadonlyMap<string, PodTimeline>;
  /**
   * Per pod (uid): when the first request that it answered started, in ms, rounded up to the end of its 100 ms bucket,
   * or the first session that it opened.
   */
  firstAnswersMs: ReadonlyMap<string, number>;
  /** Per pod (uid) that answered any request. For answered requests, only the start of their 100 ms bucket is known. */
  lastRequests: ReadonlyMap<string, LastRequests>;
  /** Per pod (uid): the requests that it answered. */
  answered: ReadonlyMap<string, readonly SuccessBucket[]>;
  sessions: HeldSessions;
  /** Whether requests came just when the pods close idle connections. */
  pauses: boolean;
  /** When no pod served. */
  unserved: readonly Span[];
  /** Per pod (uid): when at least one router sent to it. */
  known: ReadonlyMap<string, readonly Span[]>;
  /** Cache of what was found so far: several analyses ask for it. */
  explanations: Map<FailedRequest, Explanation>;
  /** How far the pods' clocks may be off from the load's, in ms. */
  clockBoundMs: number;
}

/** The history of a trace, built on first use. */
export function historyOf({ cluster, load, pauses }: Story): History {
  const before = histories.get(load);
  if (before?.cluster === cluster) return before;
  const history = build({ cluster, load, pauses });
  histories.set(load, history);
  return history;
}

/** A trace is complete before it is analysed and never changes, so its history is built once. */
const histories = new WeakMap<Story['load'], History>();

function build({ cluster, load, pauses }: Story): History {
  const pods = cluster.pods.map(podTimeline);
  const firstAnswersMs = new Map<string, number>();
  const lastRequests = new Map<string, LastRequests>();
  const answered = new Map<string, SuccessBucket[]>();
  for (const success of load.successes) {
    const { pod, bucket } = success;
    const same = answered.get(pod);
    if (same) same.push(success);
    else answered.set(pod, [success]);
    const fromMs = bucket * BUCKET_MS;
    const toMs = fromMs + BUCKET_MS;
    firstAnswersMs.set(pod, Math.min(toMs, firstAnswersMs.get(pod) ?? toMs));
    const answeredMs = Math.max(fromMs, lastRequests.get(pod)?.answeredMs ?? fromMs);
    lastRequests.set(pod, { answeredMs, takenMs: answeredMs });
  }
  for (const { pod, startedMs } of load.sessions?.opened ?? []) {
    firstAnswersMs.set(pod, Math.min(startedMs, firstAnswersMs.get(pod) ?? startedMs));
  }
  for (const { attempts } of load.failures) {
    const { connection, pod, startedMs = 0 } = attempts.at(-1) ?? {};
    const last = connection?.state === 'reused' && pod ? lastRequests.get(pod.uid) : undefined;
    if (last) last.takenMs = Math.max(last.takenMs, startedMs);
  }
  return {
    cluster,
    load,
    pods,
    byUid: new Map(pods.map((pod) => [pod.uid, pod])),
    firstAnswersMs,
    lastRequests,
    answered,
    sessions: heldSessions(load, pods),
    pauses: pauses !== undefined,
    unserved: unservedSpans(pods),
    known: knownSpans(cluster.routerViews),
    explanations: new Map(),
    clockBoundMs: (load.clockBoundMs ?? 0) + (cluster.clockBoundMs ?? 0),
  };
}
