/** Whether a router, or a gateway, knew of no pod at a time. Pure. */
import type { Attempt } from '../trace/load-record.ts';
import type { History } from './history.ts';
import { MAX_ROUTER_LAG_MS } from './unseen-pod.ts';

/**
 * How long the workers of a gateway may go on with its list from before a change, in ms: nginx ends its old ones 100 ms
 * after it has started new ones.
 */
const WORKERS_CHANGE_MS = 250;

/**
 * Its router knew of no pod when the request started. If the router is unknown, or its list could not be observed: no
 * router did.
 */
export function routedNowhere(attempt: Attempt, history: History): boolean {
  const { startedMs, error } = attempt;
  if (knewNobodyAt(startedMs, attempt, history)) return true;
  if (error !== 'no-endpoint') return false;
  const { gateway, routerViews } = history.cluster;
  if (!gateway?.viewsAssumed) {
    // A change is in effect a little before it is known to be.
    const aroundMs = [startedMs - WORKERS_CHANGE_MS, startedMs + WORKERS_CHANGE_MS];
    return aroundMs.some((atMs) => knewNobodyAt(atMs, attempt, history));
  }
  // It acts on each change of its list up to this much later than assumed.
  const changesMs = routerViews.map(({ atMs }) => atMs);
  return changesMs.some(
    (atMs) => atMs <= startedMs && atMs >= startedMs - MAX_ROUTER_LAG_MS && knewNobodyBefore(atMs, attempt, history),
  );
}

function knewNobodyAt(atMs: number, { via }: Attempt, { cluster: { gateway, routerViews } }: History): boolean {
  const current = new Map<string, number>();
  for (const view of routerViews) if (view.atMs <= atMs) current.set(view.router, view.pods.length);
  const isUnseen = via === gateway?.name && !routerViews.some(({ router }) => router === via);
  const sizes = via === undefined || isUnseen ? [...current.values()] : [current.get(via) ?? 0];
  return sizes.length > 0 && sizes.every((size) => size === 0);
}

/** It knew nobody until the change at that time. */
function knewNobodyBefore(atMs: number, attempt: Attempt, history: History): boolean {
  const before = history.cluster.routerViews.filter((view) => view.atMs < atMs).at(-1);
  return before !== undefined && knewNobodyAt(before.atMs, attempt, history);
}
