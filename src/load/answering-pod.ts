/** Which pod a request reached: one rule for every load, and for what succeeded and what failed. Pure. */
import type { PodRef } from '../trace/cluster-record.ts';

export interface SeenOfRequest {
  /** The name in its response (x-pod-name). */
  answered?: string | undefined;
  /** The endpoint that its connection was dialled to; without a uid where a URL leads to all of them. */
  dialled?: PodRef | undefined;
  /** The pod that answered last on the same connection, if it had carried a request before. */
  answeredBefore?: PodRef | undefined;
}

/**
 * The response knows best; without one, a connection leads to the pod it was dialled to, or that has answered on it. Of a
 * pod that only a response names, the name stands for the uid, which the trial knows (trace/pod-names.ts).
 */
export function answeringPod({ answered, dialled, answeredBefore }: SeenOfRequest): PodRef | undefined {
  if (answered) return dialled?.name === answered ? dialled : { uid: answered, name: answered };
  return dialled?.uid ? dialled : answeredBefore;
}
