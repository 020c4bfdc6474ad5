/** Which pods a request may have reached, from the timelines alone, if nobody saw which one was chosen. */
import type { Attempt } from '../trace/load-record.ts';
import type { Span } from './exposure.ts';
import type { History } from './history.ts';
import type { PodTimeline } from './pod-timeline.ts';
import { overlaps } from './serving.ts';
import { EXIT_SLACK_MS, endedAround, listensAt, mayHaveRunAt, terminatingAt } from './timeline.ts';

/**
 * How long a router may act on an outdated EndpointSlice, in ms. With kube-proxy's minSyncPeriod of 1 s, new
 * connections failed for up to 1.05 s (docs/findings.md); a large cluster takes longer.
 */
export const MAX_ROUTER_LAG_MS = 3000;

/**
 * How long before its log says so a server may have closed its port, in ms. On a busy node, connections ended up to 32 ms
 * before that line.
 */
const CLOSED_BEFORE_MS = 100;

/**
 * Some router may have known of no pod that could serve the request: within its lag, there was a moment without one.
 */
export function nobodyKnownServed({ startedMs, endedMs }: Attempt, { unserved }: History): boolean {
  return overlaps(unserved, startedMs - MAX_ROUTER_LAG_MS, Math.max(startedMs, endedMs));
}

/** The pods that a router may have chosen when the request started and that could not serve it to its end. */
export function possiblePods(attempt: Attempt, { pods, known }: History): PodTimeline[] {
  const { startedMs, endedMs, phase, connection, error } = attempt;
  const possible = pods.filter((pod) => {
    if (!knownBetween(known.get(pod.uid) ?? [], startedMs - MAX_ROUTER_LAG_MS, startedMs)) return false;
    // It was established with a pod that ran.
    if (phase !== 'connect' && connection.state === 'fresh' && !mayHaveRunAt(pod, startedMs)) return false;
    if (downBetween(pod, startedMs, endedMs)) return true;
    // If nobody saw it stop listening, it may have done so at any time after its deletion.
    if (pod.stoppedListeningMs === undefined && terminatingAt(pod, endedMs)) return true;
    if (phase === 'connect') return !listensAt(pod, startedMs) || !listensAt(pod, endedMs);
    // The connection was established, so the pod listened (within the uncertainty of the router and of the exit) and
    // then ended.
    return endedAround(pod, endedMs) || (listensAt(pod, startedMs) && !listensAt(pod, endedMs + CLOSED_BEFORE_MS));
  });
  if (phase === 'connect' || error === 'timeout') return possible;
  // A connection ends with its pod. One that ended long before explains the failure only if no other pod does.
  const running = possible.filter((pod) => mayHaveRunAt(pod, endedMs));
  return running.length > 0 ? running : possible;
}

/**
 * The terminating pods to which a gateway may have sent the request on a connection that it had: unlike a new one, that
 * does not need a pod that listens.
 */
export function possibleTerminatingPods({ startedMs, endedMs }: Attempt, { pods, known }: History): PodTimeline[] {
  return pods.filter(
    (pod) =>
      terminatingAt(pod, endedMs) &&
      mayHaveRunAt(pod, startedMs) &&
      knownBetween(known.get(pod.uid) ?? [], startedMs - MAX_ROUTER_LAG_MS, startedMs),
  );
}

/**
 * The pod that the attempt reached. If nobody saw it: the only one that it may have reached.
 * @returns undefined if it reached no pod, or if that is unknown
 */
export function reachedPod(attempt: Attempt, history: History): PodTimeline | undefined {
  if (attempt.pod !== undefined) return history.byUid.get(attempt.pod.uid);
  if (attempt.via !== undefined) return undefined;
  const [only, ...others] = possiblePods(attempt, history);
  return others.length === 0 ? only : undefined;
}

/** Whether its container crashed or was down at a time of that span, as far as is known. */
function downBetween({ downtimes }: PodTimeline, startedMs: number, endedMs: number): boolean {
  return downtimes.some(
    ({ fromMs, toMs, boundMs = 0 }) => fromMs - boundMs - EXIT_SLACK_MS <= endedMs && toMs >= startedMs,
  );
}

/** Whether a router's view contained the pod at any time of that span. */
function knownBetween(known: readonly Span[], fromMs: number, toMs: number): boolean {
  return known.some((span) => span.fromMs <= toMs && span.toMs >= fromMs);
}
