/** Converts a pod of the API to the form that the rollout's deadline counts. Pure. */
import type { V1Pod } from '@kubernetes/client-node';
import type { Workload } from '../../kubernetes-rules/objects.ts';
import type { PodRecord } from '../../trace/cluster-record.ts';
import type { RolloutPod } from '../rollout-deadline.ts';
import { isReady } from './pod-timeline.ts';

/**
 * @param record what has been observed of the pod so far
 * @param updated whether it was created from the new template
 * @param nowMs on the record's clock
 */
export function rolloutPod(
  pod: V1Pod,
  { name, readyMs, deletionMs }: Pick<PodRecord, 'name' | 'readyMs' | 'deletionMs'>,
  { spec: { minReadySeconds, template } }: Workload,
  updated: boolean,
  nowMs: number,
): RolloutPod {
  const ready = isReady(pod);
  const available = ready && readyMs !== undefined && nowMs - readyMs >= minReadySeconds * 1000;
  const graceSeconds = pod.metadata?.deletionGracePeriodSeconds ?? template.spec.terminationGracePeriodSeconds;
  return { name, updated, ready, available, deletionMs, graceMs: graceSeconds * 1000 };
}
