/** How long a rollout may go without progress before it counts as failed. */
import { DEFAULT_PROGRESS_DEADLINE_SECONDS } from './defaults.ts';
import type { Workload } from './objects.ts';

const MAX_INT32 = 2 ** 31 - 1;

/**
 * The progress deadline in seconds. Infinity if a Deployment sets the largest 32-bit integer, which Kubernetes treats
 * as no deadline. StatefulSets and DaemonSets have no such field and get a Deployment's default, so that no wait is
 * endless.
 * Source: HasProgressDeadline in pkg/controller/deployment/util.
 */
export function progressDeadlineSeconds(workload: Workload): number {
  if (workload.kind !== 'Deployment') return DEFAULT_PROGRESS_DEADLINE_SECONDS;
  const { progressDeadlineSeconds: seconds } = workload.spec;
  return seconds === MAX_INT32 ? Number.POSITIVE_INFINITY : seconds;
}
