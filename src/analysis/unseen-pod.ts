/** What can be said about a request's pod from the timelines alone, where nobody saw which one was chosen. */
import type { RouterView } from '../trace/cluster-record.ts';
import type { Attempt } from '../trace/load-record.ts';
import type { History } from './history.ts';
import type { PodLife } from './pod-life.ts';
import { earliestExitMs, endedAround, listensAt, servesAt, terminatingAt } from './timeline.ts';

/**
 * How long a router may act on an EndpointSlice that has changed, in ms. With kube-proxy's minSyncPeriod of 1 s new
 * connections went wrong for up to 1.05 s (docs/findings.md); a large cluster takes longer.
 */
const MAX_ROUTER_LAG_MS = 3000;

/** Some router may have known no pod that would have served the request: for a moment within its lag there was none. */
export function nobodyKnownServed({ startedMs, endedMs }: Attempt, { pods }: History): boolean {
  const fromMs = startedMs - MAX_ROUTER_LAG_MS;
  const served = (atMs: number) => pods.some((pod) => servesAt(pod, atMs));
  // Whether anyone serves changes only when a pod's timeline does.
  const changesMs = pods.flatMap((pod) => [pod.notReadyMs, pod.stoppedListeningMs, earliestExitMs(pod)]);
  const moments = [fromMs, startedMs, ...changesMs.filter((ms) => ms !== undefined && ms > fromMs && ms <= endedMs)];
  return moments.some((ms) => ms !== undefined && !served(ms));
}

/** The pods that a router may have chosen when the request started and that could not serve it to its end. */
export function possiblePods(attempt: Attempt, { pods, cluster }: History): PodLife[] {
  const { startedMs, endedMs, phase } = attempt;
  return pods.filter((pod) => {
    if (!knownBetween(pod.uid, startedMs - MAX_ROUTER_LAG_MS, startedMs, cluster.routerViews)) return false;
    // Where nobody saw it stop listening, it may have done so at any time after its deletion.
    if (pod.stoppedListeningMs === undefined && terminatingAt(pod, endedMs)) return true;
    if (phase === 'connect') return !listensAt(pod, startedMs) || !listensAt(pod, endedMs);
    // Connected, so it was listening (to within the router's and the exit's uncertainty), and then it ended.
    return endedAround(pod, endedMs) || (listensAt(pod, startedMs) && !listensAt(pod, endedMs));
  });
}

/** Whether the pod was in a view that held at any time of that span. */
function knownBetween(uid: string, fromMs: number, toMs: number, views: readonly RouterView[]): boolean {
  return views.some((view, index) => {
    if (view.atMs > toMs || !view.pods.includes(uid)) return false;
    const next = views.slice(index + 1).find((later) => later.router === view.router);
    return next === undefined || next.atMs >= fromMs;
  });
}
