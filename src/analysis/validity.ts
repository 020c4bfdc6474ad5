/** Whether a trial measured what it was meant to. Invalid trials are reported as such. */
import { decodeHistogram, percentileMs } from '../trace/histogram.ts';
import type { Trace } from '../trace/trace.ts';
import { podTimeline } from './pod-timeline.ts';

/** If the 99th percentile of lateness is above this, the generator did not keep its schedule. */
export const MAX_P99_LATENESS_MS = 100;

/** Above this share of planned requests that could not be started, the generator did not keep its schedule either. */
export const MAX_DROPPED_SHARE = 0.01;
/**
 * The same for a trial in which requests failed: while requests hang, k6 has to add a virtual user for each and drops
 * arrivals meanwhile. Requests that were never started cannot fail, so the number of failures is a lower bound, and
 * valid as such.
 */
export const MAX_DROPPED_SHARE_IN_OUTAGES = 0.5;

/** Why this trial cannot be trusted, each reason in a sentence; empty if it can. */
export function invalidReasons(trace: Trace): string[] {
  const { load, cluster, disruption } = trace;
  const reasons: string[] = [];
  const opened = load.sessions?.opened.length ?? 0;
  if (load.failures.length + load.successes.length + opened === 0) reasons.push('no request was made');
  reasons.push(...droppedTooMany(load.plannedRequests, load.droppedRequests, load.failures.length));
  if (load.lostRequests !== undefined) {
    reasons.push(`the load's record has gaps: the outcome of at least ${load.lostRequests} requests is unknown`);
  }
  if (load.lateness !== undefined) {
    const p99 = percentileMs(decodeHistogram(load.lateness), 99);
    if (p99 > MAX_P99_LATENESS_MS) {
      reasons.push(`the schedule was not kept: 1 % of the requests started more than ${Math.round(p99)} ms late`);
    }
  }
  if (disruption === undefined) {
    const lost = load.failures.length;
    if (lost > 0) reasons.push(`the control lost ${lost} ${lost === 1 ? 'request' : 'requests'} without a rollout`);
    return reasons;
  }
  const early = load.failures.filter((request) => request.endedMs < disruption.atMs).length;
  if (early > 0) reasons.push(`${early} ${early === 1 ? 'request' : 'requests'} failed before the rollout began`);
  // Draining a node deletes only some of the pods, so pods that were not deleted do not count.
  const replaced = cluster.pods
    .map(podTimeline)
    .filter((pod) => pod.generation === 'old' && pod.deletionMs !== undefined);
  if (replaced.length === 0 || replaced.some((pod) => pod.exitMs === undefined)) {
    reasons.push('no complete rollout was observed');
  }
  return reasons;
}

/** Why a load that could not start so many of its planned requests cannot be trusted; empty if it can. */
export function droppedTooMany(planned: number, dropped: number, failed: number): string[] {
  const tolerable = failed === 0 ? MAX_DROPPED_SHARE : MAX_DROPPED_SHARE_IN_OUTAGES;
  return dropped > tolerable * planned ? [`${dropped} of ${planned} requests could not be started`] : [];
}
