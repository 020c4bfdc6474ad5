/** Which pods a disruption affected. Pure. */
import type { Trace } from '../trace/trace.ts';
import { type PodTimeline, podTimeline } from './pod-timeline.ts';

/** The old pods that the disruption deleted and, after a restart, those whose serving container started again. */
export function affectedPods({ cluster, disruption }: Pick<Trace, 'cluster' | 'disruption'>): PodTimeline[] {
  if (disruption === undefined) return [];
  const old = cluster.pods.map(podTimeline).filter(({ generation }) => generation === 'old');
  if (disruption.kind === 'restart') return old.filter((pod) => restartOf(pod, disruption.atMs) !== undefined);
  return old.filter(({ deletionMs }) => deletionMs !== undefined);
}

/** When its serving container was down after that time, if it was. */
export function restartOf({ downtimes }: PodTimeline, afterMs: number): PodTimeline['downtimes'][number] | undefined {
  return downtimes.find(({ fromMs, boundMs = 0 }) => fromMs + boundMs >= afterMs);
}

/** When the disruption's effect on the pod ended: with its exit, or with its container's next run. */
export function endOfEffect(pod: PodTimeline, { kind, atMs }: NonNullable<Trace['disruption']>): number | undefined {
  return kind === 'restart' ? restartOf(pod, atMs)?.toMs : pod.exitMs;
}
