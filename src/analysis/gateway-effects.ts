/** What a gateway on the way did: the failures that it hid from the client, and how late it learned of a deletion. Pure. */
import * as z from 'zod';
import type { FailedRequest } from '../trace/load-record.ts';
import { Count, Text } from '../trace/units.ts';
import { causeOfHidden, decidingAttempt } from './attribution.ts';
import { CAUSE_IDS } from './causes.ts';
import type { History } from './history.ts';

export const HiddenRetries = z.object({
  cause: z.enum(CAUSE_IDS),
  method: Text.describe('the HTTP method of the requests'),
  requests: Count.describe('requests that succeeded for the client after an attempt at them had failed for this cause'),
});
export type HiddenRetries = z.infer<typeof HiddenRetries>;

/** Causes times methods, and a margin. */
export const MAX_HIDDEN = 200;

/** The requests that the gateway sent again with success, by the cause of the first attempt that failed, most first. */
export function hiddenRetries(history: History): HiddenRetries[] {
  const counts = new Map<string, HiddenRetries>();
  for (const { method, attempts } of history.load.retried ?? []) {
    const [first] = attempts;
    if (!first) continue;
    const cause = causeOfHidden(first, history);
    const known = counts.get(`${cause} ${method}`);
    if (known) known.requests++;
    else if (counts.size < MAX_HIDDEN) counts.set(`${cause} ${method}`, { cause, method, requests: 1 });
  }
  return [...counts.values()].sort((a, b) => b.requests - a.requests);
}

/**
 * How many of these requests were lost on connections that the gateway itself closed, as the client sent on them: it never
 * read them, so it chose no pod.
 */
export function closedByGateway(failures: readonly FailedRequest[], { cluster: { gateway } }: History): number {
  return failures.filter((request) => {
    const { via, notProcessed } = decidingAttempt(request);
    return via === gateway?.name && notProcessed;
  }).length;
}

/**
 * The longest time from a pod's deletion until the gateway used a list without it, in ms; undefined if it sends to the
 * Service's address, if its list could not be observed, or if no deleted pod was in it.
 */
export function gatewayLagMs(history: History): number | undefined {
  const lags = history.pods.flatMap(({ uid, deletionMs }) => {
    const droppedMs = droppedByGatewayMs(uid, history);
    return deletionMs === undefined || droppedMs === undefined ? [] : [Math.max(0, droppedMs - deletionMs)];
  });
  return lags.length === 0 ? undefined : Math.max(...lags);
}

/** When the gateway began to use a list without the pod that it had before, in ms; undefined as for `gatewayLagMs`. */
function droppedByGatewayMs(uid: string, { cluster: { gateway, routerViews } }: History): number | undefined {
  if (!gateway || gateway.viewsAssumed) return undefined;
  const views = routerViews.filter(({ router }) => router === gateway.name);
  const last = views.findLastIndex((view) => view.pods.includes(uid));
  return last < 0 ? undefined : views[last + 1]?.atMs;
}

/**
 * Per pod (uid): the latest time at which the gateway is known to have chosen it for a request, in ms: until it used a
 * list without it, or the last time that an attempt at it failed. Empty if it sends to the Service's address.
 */
export function lastChosenByGateway(history: History): Map<string, number> {
  const { pods, cluster, load } = history;
  const chosen = new Map<string, number>();
  const note = (uid: string, atMs: number) => chosen.set(uid, Math.max(atMs, chosen.get(uid) ?? atMs));
  for (const { uid } of pods) {
    const droppedMs = droppedByGatewayMs(uid, history);
    if (droppedMs !== undefined) note(uid, droppedMs);
  }
  for (const { attempts } of [...load.failures, ...(load.retried ?? [])]) {
    const seen = new Set<string>();
    for (const { via, pod, startedMs } of attempts) {
      // HAProxy tries the pod that it has chosen again, for seconds after it dropped it.
      if (via === undefined || via !== cluster.gateway?.name || !pod || seen.has(pod.uid)) continue;
      seen.add(pod.uid);
      note(pod.uid, startedMs);
    }
  }
  return chosen;
}
