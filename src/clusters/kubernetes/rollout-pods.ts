/** Pods of the API as the deadline of a rollout counts them. Pure. */
import type { V1Pod } from '@kubernetes/client-node';
import type { Deployment } from '../../kubernetes-rules/objects.ts';
import type { PodRecord } from '../../trace/trace.ts';
import { progressDeadlineMs, type RolloutLimits, type RolloutPod } from '../rollout-deadline.ts';
import { isReady } from './pod-timeline.ts';

/** What a rollout of the pods that are there may take. */
export function rolloutLimits(spec: Deployment['spec'], pods: Iterable<V1Pod>): RolloutLimits {
  const ofStatefulSet = [...pods].some(({ metadata }) =>
    metadata?.ownerReferences?.some(({ kind }) => kind === 'StatefulSet'),
  );
  return {
    replicas: spec.replicas ?? 1,
    progressDeadlineMs: progressDeadlineMs(spec),
    waitsForTermination: spec.strategy?.type === 'Recreate' || ofStatefulSet,
  };
}

/**
 * @param record what was seen of the pod until now
 * @param wanted whether it is of the template that is to be everywhere
 * @param nowMs on the record's clock
 */
export function rolloutPod(
  pod: V1Pod,
  { name, readyMs, deletionMs }: Pick<PodRecord, 'name' | 'readyMs' | 'deletionMs'>,
  { minReadySeconds = 0, template }: Deployment['spec'],
  wanted: boolean,
  nowMs: number,
): RolloutPod {
  const ready = isReady(pod);
  const available = ready && readyMs !== undefined && nowMs - readyMs >= minReadySeconds * 1000;
  const graceSeconds = pod.metadata?.deletionGracePeriodSeconds ?? template.spec.terminationGracePeriodSeconds ?? 30;
  return { name, wanted, ready, available, deletionMs, graceMs: graceSeconds * 1000 };
}
