/** In which order trials begin when several run at a time. Pure. */
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import { LONGEST_PAUSES_MS } from './pauses.ts';
import { CONTROL_MS, type TrialPlan } from './trial.ts';

/** From a new pod's creation to the deletion of the old one that it replaces, in ms: what an app needs that starts fast. */
const STEP_MS = 2500;

/**
 * The shortest trial first, so that a first result comes soon; then the longest first, so that none is left alone at the
 * end. Each repeat is a round of its own, and trials of one length keep their order, which is random: a machine that
 * slowly changes favours no variant.
 */
export function orderTrials<T extends TrialPlan>(trials: readonly T[]): T[] {
  const lengths = new Map(trials.map((trial) => [trial, expectedMs(trial)]));
  const lengthOf = (trial: T) => lengths.get(trial) as number;
  const ordered = trials.toSorted((a, b) => a.identity.repeat - b.identity.repeat || lengthOf(b) - lengthOf(a));
  const shortestMs = Math.min(...lengths.values());
  const first = ordered.findIndex((trial) => lengthOf(trial) === shortestMs);
  return [...ordered.slice(first, first + 1), ...ordered.slice(0, first), ...ordered.slice(first + 1)];
}

/**
 * Assumes pods that are ready at once and need their full grace period. A control always takes the same time; how long
 * its pauses are is only known later.
 */
function expectedMs({ control, pauses, manifests: { workload } }: TrialPlan): number {
  if (pauses) return LONGEST_PAUSES_MS;
  if (control) return CONTROL_MS;
  const { replicas, maxSurge, maxUnavailable } = effectiveStrategy(workload);
  const steps = Math.ceil(replicas / Math.max(1, maxSurge + maxUnavailable));
  return steps * STEP_MS + workload.spec.template.spec.terminationGracePeriodSeconds * 1000;
}
