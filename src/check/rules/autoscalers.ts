/** Rules about what changes a workload's replicas or requests: HorizontalPodAutoscaler, KEDA, VerticalPodAutoscaler. */
import { maximumOf, minimumOf } from '../autoscalers.ts';
import type { AutoscalerObject } from '../objects.ts';
import type { Rule } from '../rule.ts';

export const AUTOSCALER_RULES: readonly Rule[] = [
  {
    id: 'horizontalpodautoscaler-replicas',
    title: 'an autoscaler that scales down to one replica or none',
    severity: 'info',
    judges: 'pods',
    cause: 'capacity',
    explanation:
      'At low load the workload runs with the least number of replicas: minReplicas of a HorizontalPodAutoscaler (1 if absent), minReplicaCount of a KEDA ScaledObject (0 if absent). A rollout at that time has no more pods than that. With 0 pods behind a Service (a warning), requests fail until a pod has started.',
    fix: `kind: HorizontalPodAutoscaler
spec:
  minReplicas: 3`,
    alsoKnownAs: [
      'kube-score horizontalpodautoscaler-replicas',
      'kube-linter hpa-minimum-three-replicas',
      'Polaris hpaMinAvailability',
    ],
    evaluate({ name, containers, state }, { autoscaler }) {
      if (!autoscaler || !containers.some(({ serves }) => serves)) return [];
      const { value } = autoscaler;
      const minimum = minimumOf(value);
      if (minimum > 1) return [];
      const field = minimumField(value);
      const place = { object: autoscaler, path: ['spec', field] };
      const what = `${value.kind} "${value.metadata.name}": ${field} ${minimum}: ${name}`;
      const enough = Math.min(minimum === 0 ? 2 : 3, maximumOf(value) ?? Number.POSITIVE_INFINITY);
      const canHaveMore = state.reason === undefined && enough > 1;
      const instead = canHaveMore ? `; write ${field}: ${enough}` : '';
      const patch = canHaveMore && { patch: { spec: { [field]: enough } } };
      if (minimum > 0)
        return [{ place, message: `${what} may run with a single pod and no spare${instead}`, ...patch }];
      const message = `${what} may run with no pod at all, and requests then fail until one has started${instead}`;
      return [{ place, message, severity: 'warning', ...patch }];
    },
  },
  {
    id: 'hpa-overrides-replicas',
    title: 'replicas set on an autoscaled workload',
    severity: 'warning',
    judges: 'pods',
    cause: 'capacity',
    explanation:
      "Each apply of the manifest resets the workload to these replicas and overrides the autoscaler. Under load, this deletes pods that are needed in the middle of a rollout, and the autoscaler brings them back later. The first kubectl apply after the field is removed sets 1 replica, because kubectl removes the field that it had set; to avoid that, remove it from kubectl's record first (kubectl apply edit-last-applied).",
    fix: `kind: Deployment
spec:
  # No replicas: the autoscaler sets them.
  replicas: null`,
    alsoKnownAs: ['kube-score deployment-targeted-by-hpa-does-not-have-replicas-configured'],
    evaluate({ object, name }, { autoscaler }) {
      const { replicas } = object.value.spec;
      if (!autoscaler || typeof replicas !== 'number') return [];
      const { kind, metadata } = autoscaler.value;
      const message = `${name}: replicas ${replicas} together with ${kind} "${metadata.name}": each apply scales back to ${replicas}; remove spec.replicas, from kubectl's record first (kubectl apply edit-last-applied), because the next kubectl apply otherwise sets 1`;
      // No patch: kubectl patch with null sets the default of 1 on a cluster.
      return [{ place: { object, path: ['spec', 'replicas'] }, message }];
    },
  },
  {
    id: 'vpa-evicts-pods',
    title: 'a VerticalPodAutoscaler that evicts pods',
    severity: 'info',
    judges: 'gaps',
    cause: 'capacity',
    explanation:
      'With updateMode Auto (the default) or Recreate, the VerticalPodAutoscaler evicts pods to change their requests. An eviction starts no new pod first: with minReplicas 1 it may evict the only pod, which is an outage (a warning). A PodDisruptionBudget limits evictions. InPlaceOrRecreate evicts only what cannot be changed in place.',
    fix: `kind: VerticalPodAutoscaler
spec:
  updatePolicy:
    updateMode: Initial`,
    evaluate({ name, replicas, containers, state }, { verticalAutoscaler, budgets }) {
      const { updateMode = 'Auto', minReplicas } = verticalAutoscaler?.value.spec.updatePolicy ?? {};
      if (!verticalAutoscaler || !['Auto', 'Recreate'].includes(updateMode)) return [];
      if (!containers.some(({ serves }) => serves)) return [];
      const place = { object: verticalAutoscaler, path: ['spec', 'updatePolicy', 'updateMode'] };
      const what = `VerticalPodAutoscaler "${verticalAutoscaler.value.metadata.name}": updateMode ${updateMode} evicts pods of ${name} to change their requests`;
      if (replicas === 1 && minReplicas === 1 && state.reason === undefined) {
        const message = `${what}, the only one as well (minReplicas 1), which is an outage; write updateMode: Initial, or run 2 replicas`;
        return [{ place, message, severity: 'warning' }];
      }
      // Without minReplicas, the updater leaves a single pod alone.
      if (replicas === 1 || budgets.length > 0) return [];
      return [{ place, message: `${what}; limit it with a PodDisruptionBudget, or write updateMode: Initial` }];
    },
  },
];

function minimumField({ kind, spec }: AutoscalerObject): string {
  if (kind === 'HorizontalPodAutoscaler') return 'minReplicas';
  return spec.idleReplicaCount === undefined ? 'minReplicaCount' : 'idleReplicaCount';
}
