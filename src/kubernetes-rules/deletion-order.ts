/** Which pods of a ReplicaSet are deleted first when it has too many. Pure. */

/** What the order depends on. Locally, all pods are assigned to a node, and none has a deletion cost of its own. */
export interface DeletablePod {
  /** Its container runs (phase Running); without that it is Pending. */
  running: boolean;
  ready: boolean;
  /** Since when it has been ready: epoch ms. */
  readySinceMs?: number | undefined;
  /** When it was created: epoch ms. */
  createdMs: number;
  /** How many pods of the same Deployment that are not terminating are on its node, itself included. */
  sharingNode: number;
  /** The most restarts of one of its containers. */
  restarts: number;
  /** Stands for the uid, which is random on a cluster and decides between pods of the same age. */
  uid: number;
}

/**
 * The pods in the order in which the ReplicaSet controller deletes them: pending before running, unready before ready,
 * then those that share their node with the most others, then those ready for the shortest time, in steps of powers of
 * two (within a step the uid decides), then those with more restarts, then the youngest.
 * Source: ActivePodsWithRanks.Less and logarithmicRankDiff in pkg/controller/controller_utils.go. The
 * annotation controller.kubernetes.io/pod-deletion-cost comes between readiness and node; it is the same for all pods
 * of a template.
 * @param nowMs epoch ms
 */
export function deletionOrder<T extends DeletablePod>(pods: readonly T[], nowMs: number): T[] {
  return [...pods].sort((a, b) => compare(a, b, nowMs) || a.uid - b.uid);
}

function compare(a: DeletablePod, b: DeletablePod, nowMs: number): number {
  if (a.running !== b.running) return Number(a.running) - Number(b.running);
  if (a.ready !== b.ready) return Number(a.ready) - Number(b.ready);
  if (a.sharingNode !== b.sharingNode) return b.sharingNode - a.sharingNode;
  const [readyA, readyB] = [wholeSeconds(a.readySinceMs ?? 0), wholeSeconds(b.readySinceMs ?? 0)];
  if (a.ready && readyA !== readyB) return ageRank(readyA, nowMs) - ageRank(readyB, nowMs) || a.uid - b.uid;
  if (a.restarts !== b.restarts) return b.restarts - a.restarts;
  const [createdA, createdB] = [wholeSeconds(a.createdMs), wholeSeconds(b.createdMs)];
  return createdA === createdB ? 0 : ageRank(createdA, nowMs) - ageRank(createdB, nowMs);
}

/** The whole power of two of the age in nanoseconds; -1 for a time that is not in the past. */
function ageRank(sinceMs: number, nowMs: number): number {
  const ageNs = (nowMs - sinceMs) * 1e6;
  return ageNs > 0 ? Math.floor(Math.log2(ageNs)) : -1;
}

/** Times in the API have whole seconds. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
