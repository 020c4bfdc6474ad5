/** How long one trial of a manifest may last. Pure. */
import { LONGEST_TRIAL_MS, REMOVAL_MARGIN_MS, rolloutLimits } from '../clusters/rollout-deadline.ts';
import type { Workload } from '../kubernetes-rules/objects.ts';

/** What comes before and after the rollout, and a manifest whose deadlines are shorter than a busy machine needs. */
const SHORTEST_BOUND_MS = 30 * 60_000;

/**
 * When the load ends by itself, in ms: when every pod, one after the other, has taken the whole progress deadline to
 * become available and its grace period to end. A rollout that makes progress all the time may still go on then.
 * @param replicas how many pods the workload has
 */
export function longestTrialMs(workload: Workload, replicas: number): number {
  const { progressDeadlineMs } = rolloutLimits(workload, replicas);
  const graceMs = workload.spec.template.spec.terminationGracePeriodSeconds * 1000;
  const rolloutMs = replicas * (progressDeadlineMs + graceMs + REMOVAL_MARGIN_MS);
  return Math.min(SHORTEST_BOUND_MS + rolloutMs, LONGEST_TRIAL_MS);
}
