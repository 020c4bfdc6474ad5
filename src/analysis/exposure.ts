/** Which requests a disruption could have broken. Pure. */
import { largest, smallest } from '../extremes.ts';
import type { SessionRecord } from '../trace/load-record.ts';
import type { Trace } from '../trace/trace.ts';
import { BUCKET_MS } from '../trace/units.ts';
import { affectedPods, endOfEffect } from './affected-pods.ts';

/** A span of the trial's clock, in ms. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/**
 * When requests were exposed to the disruption: from the first deletion of an old pod, or from when the first router
 * sent to a new pod if that was earlier, until the last old pod has exited and every router has dropped all old pods.
 * A restart exposes requests from its begin until the container is ready again, and a bad version, which deletes no
 * pod, for as long as it is there. Undefined in a control, and if no pod was affected.
 */
export function exposure({ cluster, disruption }: Pick<Trace, 'cluster' | 'disruption'>): Span | undefined {
  if (disruption === undefined) return undefined;
  const affected = affectedPods({ cluster, disruption });
  const endsMs =
    disruption.kind === 'restart' ? affected.flatMap((pod) => endOfEffect(pod, disruption) ?? []) : exitsMs(cluster);
  if (disruption.kind === 'bad-version' && disruption.completeMs !== undefined) {
    return { fromMs: disruption.atMs, toMs: largest(endsMs, disruption.completeMs) };
  }
  if (endsMs.length === 0) return undefined;
  if (disruption.kind === 'restart') return { fromMs: disruption.atMs, toMs: largest(endsMs) };
  const isNew = new Set(cluster.pods.filter(({ generation }) => generation === 'new').map(({ uid }) => uid));
  const firstNew = cluster.routerViews.find(({ pods }) => pods.some((uid) => isNew.has(uid)));
  return {
    fromMs: smallest(
      affected.flatMap(({ deletionMs }) => deletionMs ?? []),
      firstNew?.atMs,
    ),
    toMs: largest(forgottenMs(cluster, new Set(affected.map(({ uid }) => uid))), largest(endsMs)),
  };
}

/** The exits of all containers of the old pods that were deleted. */
function exitsMs({ pods }: Trace['cluster']): number[] {
  return pods.flatMap(({ generation, deletionMs, containers }) =>
    generation !== 'old' || deletionMs === undefined
      ? []
      : containers.flatMap(({ runs }) => runs.at(-1)?.endedMs ?? []),
  );
}

/** When each router dropped the last of those pods. */
function forgottenMs({ routerViews }: Trace['cluster'], uids: ReadonlySet<string>): number[] {
  /** Per router: the time of the view after the last one with such a pod; of its first view if none had one. */
  const next = new Map<string, number | undefined>();
  for (const { router, atMs, pods } of routerViews) {
    if (pods.some((uid) => uids.has(uid))) next.set(router, undefined);
    else if (next.get(router) === undefined) next.set(router, atMs);
  }
  return [...next.values()].filter((atMs) => atMs !== undefined);
}

export interface Exposed {
  /** Requests that the disruption could have broken. In a control, all requests. */
  exposed: number;
  /** Exposed requests that failed. Never more than `exposed`. */
  failed: number;
  /** Requests that had failed before the exposure began. */
  failedBefore: number;
}

/**
 * Counts the exposed requests: those answered that started during the exposure (to 100 ms), sessions that were open at
 * any time during it, and all that failed after it had begun, because they were in flight at that time or met its
 * consequences later.
 */
export function countExposed(trace: Trace): Exposed {
  const { load } = trace;
  const uncut = uncutSessions(load);
  const answered = (wanted: (startedMs: number) => boolean) =>
    load.successes.reduce((sum, { bucket, count }) => sum + (wanted(bucket * BUCKET_MS) ? count : 0), 0);
  if (trace.disruption === undefined) {
    const failed = load.failures.length;
    return { exposed: answered(() => true) + uncut.length + failed, failed, failedBefore: 0 };
  }
  const span = exposure(trace);
  const failedBefore = load.failures.filter(({ endedMs }) => isBefore(endedMs, trace, span)).length;
  const failed = load.failures.length - failedBefore;
  if (!span) return { exposed: failed, failed, failedBefore };
  const fromMs = Math.floor(span.fromMs / BUCKET_MS) * BUCKET_MS;
  const sessions = uncut.filter(
    ({ startedMs, endedMs = Number.POSITIVE_INFINITY }) => startedMs < span.toMs && endedMs >= span.fromMs,
  ).length;
  return { exposed: answered((ms) => ms >= fromMs && ms < span.toMs) + sessions + failed, failed, failedBefore };
}

/** Sessions that were opened and did not fail. */
export function uncutSessions({ sessions }: Trace['load']): SessionRecord[] {
  return (sessions?.opened ?? []).filter(({ end }) => end !== 'cut');
}

/** Whether a request that ended at that time ended before the exposure began. */
export function isBefore(endedMs: number, { disruption }: Pick<Trace, 'disruption'>, span: Span | undefined): boolean {
  return endedMs < (span?.fromMs ?? disruption?.atMs ?? Number.NEGATIVE_INFINITY);
}
