/** The Deployment controller's decisions, as pure functions of the pods it sees. */
import type { RollingUpdateLimits } from './rounding.ts';

/** Counts of pods that are not terminating; the controller does not count terminating ones. */
export interface PodCounts {
  total: number;
  /** Pods that have been ready for at least minReadySeconds. */
  available: number;
}

export interface RolloutStep {
  createNew: number;
  deleteOld: number;
  /** Up-to-date pods above `replicas`, after it was reduced. */
  deleteNew: number;
}

/**
 * What the controller does next in a rolling update.
 * Source: reconcileNewReplicaSet and reconcileOldReplicaSets of the Deployment controller. They count `spec.replicas`
 * of each ReplicaSet, so a pod stops counting as soon as its deletion is requested.
 */
export function rollingUpdateStep(
  replicas: number,
  limits: RollingUpdateLimits,
  oldPods: PodCounts,
  newPods: PodCounts,
): RolloutStep {
  const deleteNew = Math.max(0, newPods.total - replicas);
  if (deleteNew > 0) return { createNew: 0, deleteOld: 0, deleteNew };
  const room = replicas + limits.maxSurge - (oldPods.total + newPods.total);
  const createNew = Math.max(0, Math.min(room, replicas - newPods.total));
  if (createNew > 0) return { createNew, deleteOld: 0, deleteNew: 0 }; // one ReplicaSet is scaled per pass, the new one first
  const minAvailable = replicas - limits.maxUnavailable;
  const newUnavailable = newPods.total - newPods.available;
  const allowed = Math.max(0, oldPods.total + newPods.total - minAvailable - newUnavailable);
  const unhealthy = Math.min(oldPods.total - oldPods.available, allowed);
  const spareAvailable = Math.max(0, oldPods.available + newPods.available - minAvailable);
  const healthy = Math.min(oldPods.available, spareAvailable);
  return { createNew: 0, deleteOld: unhealthy + healthy, deleteNew: 0 };
}

/**
 * Recreate: deletes all old pods first and creates no new pod until every old pod is gone, terminating ones included.
 */
export function recreateStep(
  replicas: number,
  old: { active: number; terminating: number },
  newTotal: number,
): RolloutStep {
  if (old.active > 0) return { createNew: 0, deleteOld: old.active, deleteNew: 0 };
  const createNew = old.terminating > 0 ? 0 : Math.max(0, replicas - newTotal);
  return { createNew, deleteOld: 0, deleteNew: Math.max(0, newTotal - replicas) };
}
