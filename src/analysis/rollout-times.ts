/** Durations derived from a trace: routing lags and the longest request. */
import { decodeHistogram } from '../trace/histogram.ts';
import type { FailedRequest } from '../trace/load-record.ts';
import type { Trace } from '../trace/trace.ts';
import { causeOf } from './attribution.ts';
import type { CauseId } from './causes.ts';
import { wasOpenSession } from './held-sessions.ts';
import { type History, historyOf } from './history.ts';
import { servesAt, terminatingAt } from './timeline.ts';

/**
 * For each old pod, the time from its deletion to its last new connection, in ms; 0 if it got none after its deletion.
 * Counted only if another pod could serve instead, because routers use the last pod on purpose (KEP-1669). Pods without
 * any recorded connection are left out. If the load sent no requests, its clients open connections only when they lose
 * a session: a pod that got none after its deletion is left out too, because nobody tried.
 */
export function routingLags({ pods, load }: History): { pod: string; lagMs: number }[] {
  return pods.flatMap((pod) => {
    const lastMs = load.newConnections?.[pod.uid]?.lastMs;
    if (pod.generation !== 'old' || pod.deletionMs === undefined || lastMs === undefined) return [];
    const atMs = Math.max(lastMs, pod.deletionMs);
    const instead = pods.some((other) => servesAt(other, atMs) && !terminatingAt(other, atMs));
    const tried = load.plannedRequests > 0 || lastMs > pod.deletionMs;
    return instead && tried ? [{ pod: pod.name, lagMs: atMs - pod.deletionMs }] : [];
  });
}

/**
 * The longest request: one that was answered, or one that had been in flight that long when it was cut. A request that
 * got an error response, or that the server never worked on, says nothing about how long the server needs, and neither
 * does a session, which has no end of its own. Null if there is none.
 */
export function longestRequest(traces: readonly Trace[]): { ms: number; cut: boolean } | null {
  let longest: { ms: number; cut: boolean } | null = null;
  const note = (ms: number, cut: boolean) => {
    if (longest === null || ms > longest.ms) longest = { ms, cut };
  };
  for (const trace of traces) {
    const { latency, failures } = trace.load;
    for (const encoded of Object.values(latency)) note(decodeHistogram(encoded).maxValue / 1000, false);
    const history = historyOf(trace);
    for (const request of failures) {
      if (wasOpenSession(request, history.sessions)) continue;
      if (wasCut(request) && !NEVER_WORKED_ON.includes(causeOf(request, history))) {
        note(request.endedMs - request.startedMs, true);
      }
    }
  }
  return longest;
}

/**
 * A request broken by one of these causes waited for a server that had not started on it, for example in the accept
 * backlog.
 */
const NEVER_WORKED_ON: readonly CauseId[] = ['capacity', 'routing-lag', 'keep-alive-race', 'not-ready'];

function wasCut({ client }: FailedRequest): boolean {
  return client.phase !== 'connect' && !['timeout', 'status'].includes(client.error);
}
