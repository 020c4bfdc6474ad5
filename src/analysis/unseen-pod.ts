/** What can be said about a request's pod from the timelines alone, where nobody saw which one was chosen. */
import type { Attempt } from '../trace/load-record.ts';
import type { Span } from './exposure.ts';
import type { History } from './history.ts';
import type { PodLife } from './pod-life.ts';
import { overlaps } from './serving.ts';
import { endedAround, listensAt, terminatingAt } from './timeline.ts';

/**
 * How long a router may act on an EndpointSlice that has changed, in ms. With kube-proxy's minSyncPeriod of 1 s new
 * connections went wrong for up to 1.05 s (docs/findings.md); a large cluster takes longer.
 */
const MAX_ROUTER_LAG_MS = 3000;

/** Some router may have known no pod that would have served the request: for a moment within its lag there was none. */
export function nobodyKnownServed({ startedMs, endedMs }: Attempt, { unserved }: History): boolean {
  return overlaps(unserved, startedMs - MAX_ROUTER_LAG_MS, Math.max(startedMs, endedMs));
}

/** The pods that a router may have chosen when the request started and that could not serve it to its end. */
export function possiblePods(attempt: Attempt, { pods, known }: History): PodLife[] {
  const { startedMs, endedMs, phase } = attempt;
  return pods.filter((pod) => {
    if (!knownBetween(known.get(pod.uid) ?? [], startedMs - MAX_ROUTER_LAG_MS, startedMs)) return false;
    // Where nobody saw it stop listening, it may have done so at any time after its deletion.
    if (pod.stoppedListeningMs === undefined && terminatingAt(pod, endedMs)) return true;
    if (phase === 'connect') return !listensAt(pod, startedMs) || !listensAt(pod, endedMs);
    // Connected, so it was listening (to within the router's and the exit's uncertainty), and then it ended.
    return endedAround(pod, endedMs) || (listensAt(pod, startedMs) && !listensAt(pod, endedMs));
  });
}

/** Whether the pod was in a view that held at any time of that span. */
function knownBetween(known: readonly Span[], fromMs: number, toMs: number): boolean {
  return known.some((span) => span.fromMs <= toMs && span.toMs >= fromMs);
}
