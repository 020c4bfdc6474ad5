/** Which pod a request reached: one rule for every load, and for what succeeded and what failed. Pure. */

export interface SeenOfRequest {
  /** What its response said (x-pod-name). */
  answered?: string | undefined;
  /** The endpoint that its connection was dialled to; unknown where a URL leads to all of them. */
  dialled?: string | undefined;
  /** The pod that answered last on the same connection, if it had carried a request before. */
  answeredBefore?: string | undefined;
}

/** The response knows best; without one, a connection leads to the pod it was dialled to, or that has answered on it. */
export function answeringPod({ answered, dialled, answeredBefore }: SeenOfRequest): string | undefined {
  return answered || dialled || answeredBefore || undefined;
}
