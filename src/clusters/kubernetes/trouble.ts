/** Finds problems that waiting does not solve, so that they are reported immediately and not at the deadline. Pure. */
import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';

const NOT_PULLED = ['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName', 'RegistryUnavailable'];
const NOT_CREATED = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];

/** A sentence about the first pod that cannot start; undefined if there is none. */
export function podTrouble(pods: readonly V1Pod[]): string | undefined {
  for (const pod of pods) {
    const name = pod.metadata?.name;
    for (const status of pod.status?.containerStatuses ?? []) {
      const { reason = '', message = '' } = status.state?.waiting ?? {};
      if (NOT_PULLED.includes(reason)) {
        return `the image ${status.image} of pod ${name} cannot be pulled (${reason}): ${oneLine(message)}`;
      }
      if (NOT_CREATED.includes(reason)) return `pod ${name} cannot start (${reason}): ${oneLine(message)}`;
      if (reason === 'CrashLoopBackOff') {
        const { exitCode } = status.lastState?.terminated ?? {};
        return `pod ${name} keeps exiting (exit code ${exitCode ?? 'unknown'})`;
      }
    }
  }
  return undefined;
}

/** A sentence about pods that the cluster rejects (quota, Pod Security, an admission webhook). */
export function creationTrouble({ type, reason, message }: CoreV1Event): string | undefined {
  if (type !== 'Warning' || reason !== 'FailedCreate') return undefined;
  // The service account is created a moment after its namespace; the controller retries.
  if (/serviceaccount ".*" not found/.test(message ?? '')) return undefined;
  return `the cluster rejects the pods: ${oneLine(message ?? '')}`;
}

/** Why a pod is not scheduled, for the message when the deadline has passed. */
export function schedulingTrouble(pods: readonly V1Pod[]): string | undefined {
  for (const pod of pods) {
    const condition = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
    if (condition) return `pod ${pod.metadata?.name} cannot be scheduled: ${oneLine(condition.message ?? '')}`;
  }
  return undefined;
}

/** Why a pod is not ready, as far as its status shows. */
export function unreadiness({ metadata, status }: V1Pod): string {
  const waiting = status?.containerStatuses?.map(({ state }) => state?.waiting?.reason).find(Boolean);
  return `pod ${metadata?.name} ${waiting ? `has not started (${waiting})` : 'is not ready'}`;
}

/** Why a pod's containers have all ended although it was not deleted. */
export function failureOf({ status }: V1Pod): string {
  const why = oneLine(status?.message ?? '');
  return `the pod has ${status?.phase === 'Succeeded' ? 'ended' : 'failed'}${why === '' ? '' : `: ${why}`}`;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
