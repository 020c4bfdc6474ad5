/** The DaemonSet controller's decisions, as a pure function of the pods it sees. */
import type { RollingUpdateLimits } from './rounding.ts';

/** A pod that still exists. */
export interface DaemonPod {
  node: string;
  /** Made from the current template. */
  updated: boolean;
  /** Ready for at least minReadySeconds. */
  available: boolean;
  terminating: boolean;
}

export interface DaemonSetStep<T> {
  /** The nodes on which to create a pod. */
  create: string[];
  delete: T[];
}

/**
 * What the controller does next. Each node gets a pod as soon as no other is left there, not even a terminating one;
 * until that pod exists, no other is deleted. Without surge at most maxUnavailable available old pods are deleted at a
 * time, and unavailable old ones at once. With surge the new pod comes first, and the old one is deleted when the new
 * one is available.
 * Source: podsShouldBeOnNode in pkg/controller/daemon/daemon_controller.go, rollingUpdate in update.go.
 */
export function daemonSetStep<T extends DaemonPod>(
  nodes: readonly string[],
  { maxSurge, maxUnavailable }: RollingUpdateLimits,
  pods: readonly T[],
): DaemonSetStep<T> {
  const missing = nodes.filter((node) => !pods.some((pod) => pod.node === node));
  if (missing.length > 0) return { create: missing, delete: [] };
  const onNode = nodes.map((node) => {
    const active = pods.filter((pod) => pod.node === node && !pod.terminating);
    return { fresh: active.find(({ updated }) => updated), old: active.find(({ updated }) => !updated), node };
  });
  if (maxSurge > 0) return withSurge(onNode, maxSurge);
  const unavailable = onNode.filter(({ fresh, old }) => (fresh ? old || !fresh.available : !old)).length;
  const candidates = onNode.flatMap(({ fresh, old }) => (old && !fresh ? [old] : []));
  const broken = candidates.filter(({ available }) => !available);
  const healthy = candidates.filter(({ available }) => available).slice(0, Math.max(0, maxUnavailable - unavailable));
  return { create: [], delete: [...broken, ...healthy] };
}

interface NodePods<T> {
  node: string;
  fresh: T | undefined;
  old: T | undefined;
}

function withSurge<T extends DaemonPod>(onNode: readonly NodePods<T>[], maxSurge: number): DaemonSetStep<T> {
  const surging = onNode.filter(({ fresh, old }) => old && fresh && !fresh.available).length;
  const candidates = onNode.filter(({ fresh, old }) => old && !fresh);
  const broken = candidates.filter(({ old }) => !old?.available);
  const healthy = candidates.filter(({ old }) => old?.available).slice(0, Math.max(0, maxSurge - surging));
  return {
    create: [...broken, ...healthy].map(({ node }) => node),
    delete: onNode.flatMap(({ fresh, old }) => (old && fresh?.available ? [old] : [])),
  };
}
