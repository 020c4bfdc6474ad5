/** How long a rollout may make no progress. */
import { DEFAULT_PROGRESS_DEADLINE_SECONDS } from './defaults.ts';
import type { Workload } from './objects.ts';

const MAX_INT32 = 2 ** 31 - 1;

/**
 * In seconds; Infinity where a Deployment sets the largest number there is, which Kubernetes takes for no deadline.
 * StatefulSets and DaemonSets have no such field; they get what a Deployment gets by default, so that no wait is endless.
 * Source: HasProgressDeadline in pkg/controller/deployment/util.
 */
export function progressDeadlineSeconds(workload: Workload): number {
  if (workload.kind !== 'Deployment') return DEFAULT_PROGRESS_DEADLINE_SECONDS;
  const { progressDeadlineSeconds: seconds } = workload.spec;
  return seconds === MAX_INT32 ? Number.POSITIVE_INFINITY : seconds;
}
