/** Reads the result of `k6 run loadtest.js` run by hand. k6 saw the requests but not the pods. */
import * as z from 'zod';
import { upperBound } from '../analysis/bounds.ts';
import { countCauses } from '../analysis/causes.ts';
import { BY_HAND, type TrialResult } from '../analysis/result.ts';
import { droppedTooMany } from '../analysis/validity.ts';
import { MAX_SCENARIOS } from '../trace/load-record.ts';
import { DIRECT } from '../trace/trace.ts';
import { Count, DurationMs, listOf, Name, Share } from '../trace/units.ts';

export const K6Summary = z.object({
  format: z.literal('k8s-rollout-test/k6-summary/1'),
  runtime: Name,
  variant: Name,
  requests: Count,
  failed: Count,
  dropped: Count,
  hiddenRetries: Count,
  connectionReuse: Share.optional(),
  scenarios: listOf(
    z.object({
      name: Name,
      failed: Count,
      latencyMs: z.object({ p50: DurationMs, p99: DurationMs, max: DurationMs }).optional(),
    }),
    MAX_SCENARIOS,
  ),
});
export type K6Summary = z.infer<typeof K6Summary>;

/**
 * A k6 summary as a trial. Failures stay unexplained because the pods were not observed. All requests count as exposed,
 * because it is unknown which ones the rollout could have broken.
 */
export function summaryResult(summary: K6Summary): TrialResult {
  const { runtime, variant, requests, failed, dropped, hiddenRetries, connectionReuse, scenarios } = summary;
  const invalidReasons = [
    ...(requests === 0 ? ['no request was made'] : []),
    ...droppedTooMany(requests + dropped, dropped, failed),
    ...(variant === 'control' && failed > 0 ? [`the control lost ${failed} requests without a rollout`] : []),
  ];
  return {
    runtime,
    runtimeVersion: '',
    variant,
    through: DIRECT,
    repeat: 0,
    cluster: BY_HAND,
    load: 'k6',
    valid: invalidReasons.length === 0,
    invalidReasons,
    podsReplaced: 0,
    requests,
    exposed: requests,
    failed,
    failedBefore: 0,
    dropped,
    failedByScenario: Object.fromEntries(scenarios.filter((s) => s.failed > 0).map((s) => [s.name, s.failed])),
    causes: { ...countCauses([]), unexplained: failed },
    failedUpperBound: upperBound(failed, requests),
    longestOutageMs: 0,
    hiddenRetries,
    connectionReuse: connectionReuse ?? null,
    // Percentiles of several scenarios cannot be merged. Every request mix of this project has keep-alive.
    latencyMs: scenarios.find((scenario) => scenario.name === 'keep-alive')?.latencyMs ?? null,
    pid1: null,
    routingLagMs: null,
    rolloutMs: null,
  };
}
