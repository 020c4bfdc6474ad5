/** What does not get better however long one waits: reported at once, not after the deadline. Pure. */
import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';

const NOT_PULLED = ['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName', 'RegistryUnavailable'];
const NOT_CREATED = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];

/** A sentence about the first pod that cannot start; undefined where there is none. */
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
        return `pod ${name} keeps ending by itself (exit code ${exitCode ?? 'unknown'})`;
      }
    }
  }
  return undefined;
}

/** A sentence about a pod that may not be made (quota, Pod Security, an admission webhook). */
export function creationTrouble({ type, reason, message }: CoreV1Event): string | undefined {
  if (type !== 'Warning' || reason !== 'FailedCreate') return undefined;
  // Made a moment after its namespace; the controller tries again.
  if (/serviceaccount ".*" not found/.test(message ?? '')) return undefined;
  return `the cluster refuses the pods: ${oneLine(message ?? '')}`;
}

/** Why a pod waits for a node, for the message when the deadline has passed. */
export function schedulingTrouble(pods: readonly V1Pod[]): string | undefined {
  for (const pod of pods) {
    const condition = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
    if (condition) return `pod ${pod.metadata?.name} finds no node: ${oneLine(condition.message ?? '')}`;
  }
  return undefined;
}

/** What keeps a pod from being ready, as far as its status says. */
export function unreadiness({ metadata, status }: V1Pod): string {
  const waiting = status?.containerStatuses?.map(({ state }) => state?.waiting?.reason).find(Boolean);
  return `pod ${metadata?.name} ${waiting ? `has not started (${waiting})` : 'is not ready'}`;
}

/** Why a pod's containers have all ended although nobody deleted it. */
export function failureOf({ status }: V1Pod): string {
  const why = oneLine(status?.message ?? '');
  return `the pod has ${status?.phase === 'Succeeded' ? 'ended' : 'failed'}${why === '' ? '' : `: ${why}`}`;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
