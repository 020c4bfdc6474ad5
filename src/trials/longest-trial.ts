/** How long one trial of a manifest may last. Pure. */
import { progressDeadlineMs, REMOVAL_MARGIN_MS } from '../clusters/rollout-deadline.ts';
import type { Deployment } from '../kubernetes-rules/objects.ts';

/** What comes before and after the rollout, and a manifest whose deadlines are shorter than a busy machine needs. */
const SHORTEST_BOUND_MS = 30 * 60_000;
/** Nobody waits longer for one trial, whatever the manifest allows. */
const LONGEST_BOUND_MS = 24 * 3_600_000;

/**
 * When the load ends by itself, in ms: when every pod, one after the other, has taken the whole progress deadline to
 * become available and its grace period to end. A rollout that makes progress all the time may still go on then.
 */
export function longestTrialMs(spec: Deployment['spec']): number {
  const graceMs = (spec.template.spec.terminationGracePeriodSeconds ?? 30) * 1000;
  const rolloutMs = (spec.replicas ?? 1) * (progressDeadlineMs(spec) + graceMs + REMOVAL_MARGIN_MS);
  return Math.min(SHORTEST_BOUND_MS + rolloutMs, LONGEST_BOUND_MS);
}
