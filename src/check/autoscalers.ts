/** What the objects that change a workload's replicas have in common. */
import { minReplicasOf } from '../kubernetes-rules/defaults.ts';
import type { AutoscalerObject } from './objects.ts';

/** The lowest number of replicas. KEDA's default is 0, and idleReplicaCount goes below minReplicaCount. */
export function minimumOf(autoscaler: AutoscalerObject): number {
  if (autoscaler.kind === 'HorizontalPodAutoscaler') return minReplicasOf(autoscaler.spec);
  const { idleReplicaCount, minReplicaCount = 0 } = autoscaler.spec;
  return idleReplicaCount ?? minReplicaCount;
}

/** The highest number of replicas, which the lowest may not exceed; undefined if it is not written. */
export function maximumOf(autoscaler: AutoscalerObject): number | undefined {
  return autoscaler.kind === 'HorizontalPodAutoscaler' ? autoscaler.spec.maxReplicas : autoscaler.spec.maxReplicaCount;
}
