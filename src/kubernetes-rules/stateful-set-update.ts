/** The StatefulSet controller's decisions, as a pure function of the pods it sees. */

/** A pod that still exists. */
export interface OrdinalPod {
  ordinal: number;
  /** Made from the current template. */
  updated: boolean;
  /** Ready for at least minReadySeconds. */
  available: boolean;
  terminating: boolean;
}

export interface StatefulSetStep {
  create: {
    ordinal: number /** From the current template or, below the partition, from the one before. */;
    updated: boolean;
  }[];
  /** The ordinals of the pods to delete. */
  delete: number[];
}

export interface StatefulSetRules {
  replicas: number;
  /** OrderedReady or Parallel. */
  podManagementPolicy: string;
  /** Pods with a lower ordinal are not updated. */
  partition: number;
  /** How many pods an update may make unavailable, after rounding. */
  maxUnavailable: number;
}

/**
 * What the controller does next. It creates a pod only when the previous pod of the same name is gone. With
 * OrderedReady it does one thing at a time: it creates the lowest missing pod once all below are available, and deletes
 * surplus pods one by one, the highest ordinal first. An update deletes the highest ordinals first, as many as
 * maxUnavailable leaves room for.
 * Source: updateStatefulSet, processReplica, processCondemned and updateStatefulSetAfterInvariantEstablished in
 * pkg/controller/statefulset/stateful_set_control.go of Kubernetes 1.35 and later, where the feature
 * MaxUnavailableStatefulSet is on by default.
 */
export function statefulSetStep(rules: StatefulSetRules, pods: readonly OrdinalPod[]): StatefulSetStep {
  const { replicas, podManagementPolicy, partition, maxUnavailable } = rules;
  const monotonic = podManagementPolicy !== 'Parallel';
  const byOrdinal = new Map(pods.map((pod) => [pod.ordinal, pod]));
  const create: StatefulSetStep['create'] = [];
  const wanted = Array.from({ length: replicas }, (_, ordinal) => ordinal);
  for (const ordinal of wanted) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) create.push({ ordinal, updated: ordinal >= partition });
    if (monotonic && !isAvailable(pod)) return { create, delete: [] };
  }
  const surplus = pods.filter(({ ordinal }) => ordinal >= replicas).sort((a, b) => b.ordinal - a.ordinal);
  const condemned = monotonic ? nextCondemned(surplus) : surplus.filter(({ terminating }) => !terminating);
  if (surplus.length > 0 && monotonic) return { create, delete: condemned.map(({ ordinal }) => ordinal) };
  const unavailable = wanted.filter((ordinal) => !isAvailable(byOrdinal.get(ordinal))).length;
  const outdated = wanted
    .filter((ordinal) => ordinal >= partition)
    .reverse()
    .filter((ordinal) => byOrdinal.get(ordinal)?.updated === false && !byOrdinal.get(ordinal)?.terminating);
  const updates = outdated.slice(0, Math.max(0, maxUnavailable - unavailable));
  return { create, delete: [...condemned.map(({ ordinal }) => ordinal), ...updates] };
}

/**
 * The surplus pod to delete now, the highest ordinal. It waits while another one terminates, and an unready one waits
 * unless it is the lowest such pod.
 */
function nextCondemned(surplus: readonly OrdinalPod[]): OrdinalPod[] {
  const [highest] = surplus;
  if (!highest || highest.terminating) return [];
  const firstUnhealthy = surplus.findLast((pod) => !isAvailable(pod));
  return isAvailable(highest) || highest === firstUnhealthy ? [highest] : [];
}

function isAvailable(pod: OrdinalPod | undefined): boolean {
  return pod?.available === true && !pod.terminating;
}
