/** Determines which pod a request reached, by one rule for every load and for successes and failures alike. Pure. */
import type { PodRef } from '../trace/cluster-record.ts';

export interface SeenOfRequest {
  /** The pod name in its response (x-pod-name). */
  answered?: string | undefined;
  /** The endpoint to which its connection was opened. The uid is empty if the URL leads to all pods. */
  dialled?: PodRef | undefined;
  /** The pod that last answered on the same connection, if the connection was reused. */
  answeredBefore?: PodRef | undefined;
}

/**
 * The response is authoritative. Without one, it is the pod to which the connection was opened, or which has answered
 * on it before. If only the response names the pod, the name replaces the uid; the trial later resolves it
 * (trace/pod-names.ts).
 */
export function answeringPod({ answered, dialled, answeredBefore }: SeenOfRequest): PodRef | undefined {
  if (answered) return dialled?.name === answered ? dialled : { uid: answered, name: answered };
  return dialled?.uid ? dialled : answeredBefore;
}
