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
export function gatewayLagMs({ pods, cluster: { gateway, routerViews } }: History): number | undefined {
  if (gateway?.viewsAssumed) return undefined;
  const views = routerViews.filter(({ router }) => router === gateway?.name);
  const lags = pods.flatMap(({ uid, deletionMs }) => {
    if (deletionMs === undefined) return [];
    const last = views.findLastIndex((view) => view.pods.includes(uid));
    const without = views[last + 1];
    return last < 0 || !without ? [] : [Math.max(0, without.atMs - deletionMs)];
  });
  return lags.length === 0 ? undefined : Math.max(...lags);
}
