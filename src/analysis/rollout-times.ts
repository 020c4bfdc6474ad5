/** Durations derived from a trace: routing lags and the longest request. */
import { decodeHistogram } from '../trace/histogram.ts';
import type { Attempt } from '../trace/load-record.ts';
import type { Trace } from '../trace/trace.ts';
import { causeOf, decidingAttempt } from './attribution.ts';
import type { CauseId } from './causes.ts';
import { lastChosenByGateway } from './gateway-effects.ts';
import { wasOpenSession } from './held-sessions.ts';
import { type History, historyOf } from './history.ts';
import { servesAt, terminatingAt } from './timeline.ts';
import { possiblePods } from './unseen-pod.ts';

/**
 * For each old pod, the time from its deletion to its last new connection, in ms; 0 if it got none after its deletion.
 * Behind a gateway that sends to the pods, until the gateway last chose it for a request. Counted only if another pod
 * could serve instead, because routers use the last pod on purpose (KEP-1669). Pods without any recorded connection are
 * left out. If the load sent no requests, its clients open connections only when they lose a session: a pod that got
 * none after its deletion is left out too, because nobody tried.
 */
export function routingLags(history: History): { pod: string; lagMs: number }[] {
  const { pods, load } = history;
  const failed = lastFailed(history);
  const chosen = lastChosenByGateway(history);
  return pods.flatMap((pod) => {
    const lastMs = latest(load.newConnections?.[pod.uid]?.lastMs, failed.get(pod.uid), chosen.get(pod.uid));
    if (pod.generation !== 'old' || pod.deletionMs === undefined || lastMs === undefined) return [];
    const atMs = Math.max(lastMs, pod.deletionMs);
    const instead = pods.some((other) => servesAt(other, atMs) && !terminatingAt(other, atMs));
    const tried = load.plannedRequests > 0 || lastMs > pod.deletionMs;
    return instead && tried ? [{ pod: pod.name, lagMs: atMs - pod.deletionMs }] : [];
  });
}

/**
 * Per pod (uid): the last new connection that failed because of routing lag, if nobody saw its pod and only this one can
 * have been chosen.
 */
function lastFailed(history: History): Map<string, number> {
  const last = new Map<string, number>();
  for (const request of history.load.failures) {
    const attempt = decidingAttempt(request);
    const { pod, connection, startedMs } = attempt;
    if (pod || connection.state === 'reused' || causeOf(request, history) !== 'routing-lag') continue;
    const [only, other] = possiblePods(attempt, history).filter((candidate) => terminatingAt(candidate, startedMs));
    if (only && !other) last.set(only.uid, Math.max(startedMs, last.get(only.uid) ?? startedMs));
  }
  return last;
}

function latest(...timesMs: (number | undefined)[]): number | undefined {
  const known = timesMs.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
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
      const attempt = decidingAttempt(request);
      if (wasCut(attempt) && !NEVER_WORKED_ON.includes(causeOf(request, history))) {
        note(attempt.endedMs - attempt.startedMs, true);
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

function wasCut({ phase, error }: Attempt): boolean {
  return phase !== 'connect' && !['timeout', 'status'].includes(error);
}
