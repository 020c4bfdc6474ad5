/**
 * When no pod served, and when each pod was known to a router. Computed once per trace, because each failed request
 * asks.
 */
import type { RouterView } from '../trace/cluster-record.ts';
import type { Span } from './exposure.ts';
import type { PodTimeline } from './pod-timeline.ts';
import { servesFrom, servesUntil } from './timeline.ts';

/** The spans in which no pod served, in order. The first may begin at -Infinity, and the last may end at Infinity. */
export function unservedSpans(pods: readonly PodTimeline[]): Span[] {
  const changes = pods.flatMap((pod) =>
    servingSpans(pod).flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, by: 1 },
      { atMs: toMs, by: -1 },
    ]),
  );
  // A pod that begins to serve just as another ends leaves no gap.
  changes.sort((a, b) => a.atMs - b.atMs || b.by - a.by);
  const spans: Span[] = [];
  let serving = 0;
  let fromMs: number | undefined = Number.NEGATIVE_INFINITY;
  for (const { atMs, by } of changes) {
    serving += by;
    if (serving === 0) fromMs ??= atMs;
    else if (fromMs !== undefined) {
      spans.push({ fromMs, toMs: atMs });
      fromMs = undefined;
    }
  }
  return fromMs === undefined ? spans : [...spans, { fromMs, toMs: Number.POSITIVE_INFINITY }];
}

/** Whether any of the spans overlaps that time. The spans must be in order. */
export function overlaps(spans: readonly Span[], fromMs: number, toMs: number): boolean {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle] as Span).toMs > fromMs) high = middle;
    else low = middle + 1;
  }
  const first = spans[low];
  return first !== undefined && first.fromMs <= toMs;
}

/** Per pod (uid): the spans in which a router sent to it, separately for each router. */
export function knownSpans(views: readonly RouterView[]): Map<string, Span[]> {
  const known = new Map<string, Span[]>();
  const open = new Map<string, Map<string, Span>>();
  for (const { router, atMs, pods } of views) {
    const before = open.get(router);
    const now = new Map<string, Span>();
    for (const span of before?.values() ?? []) span.toMs = atMs;
    for (const uid of pods) {
      const span = before?.get(uid) ?? { fromMs: atMs, toMs: Number.POSITIVE_INFINITY };
      span.toMs = Number.POSITIVE_INFINITY;
      if (!before?.has(uid)) {
        const spans = known.get(uid);
        if (spans) spans.push(span);
        else known.set(uid, [span]);
      }
      now.set(uid, span);
    }
    open.set(router, now);
  }
  return known;
}

/** When the pod served, without the downtimes of its container. */
function servingSpans(pod: PodTimeline): Span[] {
  const untilMs = servesUntil(pod);
  let fromMs = servesFrom(pod);
  const spans: Span[] = [];
  for (const downtime of [...pod.downtimes].sort((a, b) => a.fromMs - b.fromMs)) {
    if (downtime.toMs <= downtime.fromMs || downtime.toMs <= fromMs) continue;
    if (downtime.fromMs > fromMs) spans.push({ fromMs, toMs: Math.min(downtime.fromMs, untilMs) });
    fromMs = downtime.toMs;
  }
  return [...spans, { fromMs, toMs: untilMs }].filter((span) => span.fromMs < span.toMs);
}
