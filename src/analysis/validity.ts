/** Whether a trial measured what it was meant to. Invalid trials are reported as such. */

import type { Disruption } from '../trace/disruption.ts';
import { decodeHistogram, percentileMs } from '../trace/histogram.ts';
import type { Trace } from '../trace/trace.ts';
import { affectedPods, endOfEffect } from './affected-pods.ts';
import { disruptionNoun } from './disruption-words.ts';
import { historyOf } from './history.ts';
import { findingOf } from './pauses.ts';
import { type PodTimeline, podTimeline } from './pod-timeline.ts';

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
  reasons.push(...scheduleNotKept(trace));
  if (load.lostRequests !== undefined) {
    reasons.push(`the load's record has gaps: the outcome of at least ${load.lostRequests} requests is unknown`);
  }
  if (disruption === undefined) {
    return [...reasons, ...lostInControl(trace)];
  }
  const early = load.failures.filter((request) => request.endedMs < disruption.atMs).length;
  const noun = disruptionNoun(disruption.kind);
  if (early > 0) reasons.push(`${early} ${early === 1 ? 'request' : 'requests'} failed before the ${noun} began`);
  return [...reasons, ...notObserved({ cluster, disruption })];
}

/** With pauses, what is lost because the pods close idle connections is what such a control is to find. */
function lostInControl(trace: Trace): string[] {
  const { load, pauses } = trace;
  const history = pauses && historyOf(trace);
  const lost = load.failures.filter(
    (request) => history === undefined || findingOf(request, history) === undefined,
  ).length;
  if (lost === 0) return [];
  return [`the control lost ${lost} ${lost === 1 ? 'request' : 'requests'} without a rollout`];
}

/** Why the load was not the one that was asked for: the machine was too busy, which says nothing about the service. */
export function scheduleNotKept({ load }: Trace): string[] {
  const reasons = droppedTooMany(load.plannedRequests, load.droppedRequests, load.failures.length);
  const p99 = load.lateness === undefined ? 0 : percentileMs(decodeHistogram(load.lateness), 99);
  if (p99 > MAX_P99_LATENESS_MS) {
    reasons.push(`the schedule was not kept: 1 % of the requests started more than ${Math.round(p99)} ms late`);
  }
  return reasons;
}

/** Why it is unknown whether the disruption did what it was meant to. */
function notObserved({ cluster, disruption }: { cluster: Trace['cluster']; disruption: Disruption }): string[] {
  if (disruption.kind === 'bad-version')
    return badVersionNotObserved(cluster.pods.map(podTimeline), disruption.undoneMs);
  // A drain, for example, affects only some of the pods; the others do not count.
  const affected = affectedPods({ cluster, disruption });
  if (affected.length > 0 && affected.every((pod) => endOfEffect(pod, disruption) !== undefined)) return [];
  return [`no complete ${disruptionNoun(disruption.kind)} was observed`];
}

function badVersionNotObserved(pods: readonly PodTimeline[], undoneMs = Number.POSITIVE_INFINITY): string[] {
  const bad = pods.filter(({ generation, createdMs }) => generation === 'new' && createdMs < undoneMs);
  if (bad.length === 0) return ['no pod of the bad version was observed'];
  return bad.some(({ readyMs }) => readyMs !== undefined) ? ['a pod of the bad version became ready'] : [];
}

/** Why a load that could not start so many of its planned requests cannot be trusted; empty if it can. */
export function droppedTooMany(planned: number, dropped: number, failed: number): string[] {
  const tolerable = failed === 0 ? MAX_DROPPED_SHARE : MAX_DROPPED_SHARE_IN_OUTAGES;
  return dropped > tolerable * planned ? [`${dropped} of ${planned} requests could not be started`] : [];
}
