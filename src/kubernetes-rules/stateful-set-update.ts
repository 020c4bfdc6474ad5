/** The StatefulSet controller's decisions, as a pure function of the pods it sees. */

/** A pod that still exists. */
export interface OrdinalPod {
  ordinal: number;
  /** Made from the new template. */
  updated: boolean;
  /** Ready for at least minReadySeconds. */
  available: boolean;
  terminating: boolean;
}

export interface StatefulSetStep {
  /** Ordinals of the pods to create. */
  create: number[];
  /** The ordinal of the pod to delete. */
  delete?: number;
}

/**
 * What the controller does next. It creates a pod only when the previous pod of the same name is gone. An update
 * replaces one pod at a time, the highest ordinal first, and continues when the replacement is available.
 * podManagementPolicy Parallel changes only how missing pods are created, not how an update proceeds.
 * Source: updateStatefulSet in the StatefulSet controller (pkg/controller/statefulset/stateful_set_control.go), without
 * partition and maxUnavailable.
 */
export function statefulSetStep(
  replicas: number,
  podManagementPolicy: string,
  pods: readonly OrdinalPod[],
): StatefulSetStep {
  const byOrdinal = new Map(pods.map((pod) => [pod.ordinal, pod]));
  const create: number[] = [];
  for (let ordinal = 0; ordinal < replicas; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) create.push(ordinal);
    const settled = pod?.available === true && !pod.terminating;
    if (podManagementPolicy !== 'Parallel' && !settled) return { create };
  }
  for (let ordinal = replicas - 1; ordinal >= 0 && create.length === 0; ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) break;
    if (!pod.updated && !pod.terminating) return { create, delete: ordinal };
    if (pod.terminating || !pod.available) break;
  }
  return { create };
}
