/** How many evictions a PodDisruptionBudget allows, and what the Eviction API answers. Pure. */
import { scaledValue } from './rounding.ts';
import type { PodDisruptionBudget } from './written-objects.ts';

/** A pod that the budget selects. */
export interface BudgetedPod {
  /** Its containers run (phase Running). */
  running: boolean;
  ready: boolean;
  terminating: boolean;
}

export interface BudgetStatus {
  /** How many pods must be healthy. */
  desiredHealthy: number;
  /** Pods that are ready and not terminating. */
  currentHealthy: number;
  disruptionsAllowed: number;
}

/**
 * The budget's status. Percentages of both fields round up. Source: getExpectedPodCount, countHealthyPods and
 * updatePdbStatus in pkg/controller/disruption/disruption.go.
 * @param replicas what the controller of the pods wants: `spec.replicas`, or the number of nodes
 */
export function budgetStatus(
  { spec: { minAvailable, maxUnavailable } }: PodDisruptionBudget,
  replicas: number,
  pods: readonly BudgetedPod[],
): BudgetStatus {
  const currentHealthy = pods.filter(({ ready, terminating }) => ready && !terminating).length;
  const desiredHealthy =
    maxUnavailable === undefined
      ? scaledValue(minAvailable ?? 0, replicas, true)
      : Math.max(0, replicas - scaledValue(maxUnavailable, replicas, true));
  return { desiredHealthy, currentHealthy, disruptionsAllowed: Math.max(0, currentHealthy - desiredHealthy) };
}

/** An eviction, or why it is refused and whether a client should try again, as for HTTP status 429. */
export type EvictionAnswer = { evicted: true } | { evicted: false; tryAgain: boolean; message: string };

/**
 * What the API server answers to the eviction of a pod. A pending or terminating pod is always deleted. An unready pod
 * is deleted if enough others are healthy, or if the budget's unhealthyPodEvictionPolicy is AlwaysAllow.
 * Source: EvictionREST.Create in pkg/registry/core/pod/storage/eviction.go.
 * @param pods all pods that the budgets select
 * @param budgets those that select the pod
 */
export function evict(
  pod: BudgetedPod,
  budgets: readonly PodDisruptionBudget[],
  replicas: number,
  pods: readonly BudgetedPod[],
): EvictionAnswer {
  const [budget, other] = budgets;
  if (!pod.running || pod.terminating || !budget) return { evicted: true };
  if (other) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    return { evicted: false, tryAgain: false, message };
  }
  const { desiredHealthy, currentHealthy, disruptionsAllowed } = budgetStatus(budget, replicas, pods);
  if (disruptionsAllowed > 0) return { evicted: true };
  const enoughOthers = currentHealthy >= desiredHealthy && desiredHealthy > 0;
  if (!pod.ready && (enoughOthers || budget.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow')) {
    return { evicted: true };
  }
  const { name } = budget.metadata;
  return {
    evicted: false,
    tryAgain: true,
    message: `Cannot evict pod as it would violate the pod's disruption budget. The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
  };
}
