/** Rules about PodDisruptionBudgets, which limit evictions but not rollouts. */
import { scaledValue } from '../../kubernetes-rules/rounding.ts';
import { isPercentOfAll } from '../limits.ts';
import type { BudgetObject } from '../objects.ts';
import type { Problem, Rule } from '../rule.ts';

export const BUDGET_RULES: readonly Rule[] = [
  {
    id: 'missing-pod-disruption-budget',
    title: 'no PodDisruptionBudget',
    severity: 'info',
    judges: 'pods',
    explanation:
      'A PodDisruptionBudget limits evictions. Without one, a node drain or a cluster upgrade may evict all pods at once. It does not limit a rolling update; maxUnavailable does.',
    fix: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: shop
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: shop`,
    alsoKnownAs: [
      'kube-score deployment-has-poddisruptionbudget',
      'Polaris missingPodDisruptionBudget',
      'Kyverno require-pdb',
    ],
    evaluate({ object, name, replicas = 0, containers }, { budgets, autoscaler }) {
      if (budgets.length > 0 || replicas < 2 || !containers.some(({ serves }) => serves)) return [];
      const message = `${name}: no PodDisruptionBudget here selects its pods: a node drain may evict all ${replicas}${autoscaler ? ` (the least that ${autoscaler.value.kind} "${autoscaler.value.metadata.name}" runs)` : ''} at once (a rollout is not limited by it); add one with maxUnavailable: 1`;
      return [{ place: { object, path: [] }, message }];
    },
  },
  {
    id: 'pdb-disruptions-is-zero',
    title: 'a PodDisruptionBudget that allows no eviction',
    severity: 'warning',
    judges: 'pods',
    explanation:
      'With maxUnavailable 0, or minAvailable as large as the number of replicas, no pod may ever be evicted. Node drains hang until somebody deletes the pods by force. Rollouts still work, because a budget does not limit them. With one replica, a budget that allows the eviction makes each drain an outage: run 2 replicas first.',
    fix: `kind: PodDisruptionBudget
spec:
  maxUnavailable: 1`,
    alsoKnownAs: [
      'Polaris pdbDisruptionsIsZero',
      'kube-linter pdb-max-unavailable',
      'kube-linter pdb-min-available',
      'Kyverno deployment-replicas-higher-than-pdb',
    ],
    evaluate({ object, name, replicas, state }, { budgets, autoscaler }) {
      // Node drains leave the pods of DaemonSets alone.
      if (object.value.kind === 'DaemonSet') return [];
      return budgets.flatMap((budget): Problem[] => {
        const limit = evictionLimit(budget.value, replicas);
        if (!limit) return [];
        const { metadata, spec } = budget.value;
        const of = replicas === undefined ? '' : ` of ${replicas}`;
        // Percentages of all, and a maxUnavailable of 0, hold at any number of replicas.
        const onlyAtLeast = autoscaler !== undefined && limit === 'minAvailable' && !isPercentOfAll(spec.minAvailable);
        const when = onlyAtLeast
          ? ` while ${autoscaler.value.kind} "${autoscaler.value.metadata.name}" runs its least number of pods`
          : '';
        const what = `PodDisruptionBudget "${metadata.name}": ${limit} ${spec[limit]}${of} allows no eviction of ${name}${when}, so node drains hang`;
        const place = { object: budget, path: ['spec', limit] };
        if (replicas === 1) {
          const instead = state.reason
            ? `the only pod holds state (${state.reason}), so each drain is an outage: plan it, and remove the budget for it`
            : 'run 2 replicas first, then write maxUnavailable: 1; with one replica, each drain is an outage';
          return [{ place, message: `${what}; ${instead}` }];
        }
        const patch = { spec: { ...(limit === 'minAvailable' && { minAvailable: null }), maxUnavailable: 1 } };
        return [{ place, message: `${what}; write maxUnavailable: 1`, patch }];
      });
    },
  },
];

/**
 * The field that allows no eviction, if any. Percentages of both fields round up. Source: the disruption controller.
 */
function evictionLimit({ spec }: BudgetObject, replicas: number | undefined) {
  const { maxUnavailable, minAvailable } = spec;
  if (maxUnavailable !== undefined)
    return Number.parseInt(String(maxUnavailable), 10) === 0 ? 'maxUnavailable' : undefined;
  if (isPercentOfAll(minAvailable)) return 'minAvailable';
  if (minAvailable === undefined || !replicas) return undefined;
  return scaledValue(minAvailable, replicas, true) >= replicas ? 'minAvailable' : undefined;
}
