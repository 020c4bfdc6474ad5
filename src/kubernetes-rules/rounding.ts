/** How Kubernetes turns `maxSurge` and `maxUnavailable` into numbers of pods. */
import { DAEMON_SET_LIMITS, DEPLOYMENT_LIMITS, STATEFUL_SET_LIMITS } from './defaults.ts';
import type { DaemonSet, Deployment, IntOrPercent, StatefulSet, Workload } from './objects.ts';

/** An absolute number unchanged; a percentage as that share of `total`, rounded up or down. */
export function scaledValue(value: IntOrPercent, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value;
  const exact = (Number.parseInt(value, 10) * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}

export interface RollingUpdateLimits {
  maxSurge: number;
  maxUnavailable: number;
}

/**
 * How many pods above and below `replicas` a rolling update may run with. maxSurge rounds up and maxUnavailable rounds
 * down. If both are 0, maxUnavailable becomes 1, because otherwise the rollout could not proceed.
 * Source: ResolveFenceposts in the Deployment controller.
 */
export function rollingUpdateLimits(
  maxSurge: IntOrPercent,
  maxUnavailable: IntOrPercent,
  replicas: number,
): RollingUpdateLimits {
  const surge = scaledValue(maxSurge, replicas, true);
  const unavailable = scaledValue(maxUnavailable, replicas, false);
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** How a workload replaces its pods; the limits are numbers of pods. */
export interface EffectiveStrategy extends RollingUpdateLimits {
  /** OnDelete: the controller only replaces pods that somebody else deletes. */
  type: 'RollingUpdate' | 'Recreate' | 'OnDelete';
  replicas: number;
}

/**
 * The workload's strategy, with its limits rounded as its own controller rounds them.
 * @param nodes the number of nodes that a DaemonSet runs on, one pod each; required for a DaemonSet, otherwise unused
 */
export function effectiveStrategy(workload: Workload, nodes?: number): EffectiveStrategy {
  switch (workload.kind) {
    case 'Deployment':
      return deploymentStrategy(workload);
    case 'StatefulSet':
      return statefulSetStrategy(workload);
    case 'DaemonSet':
      if (nodes === undefined) throw new Error('a DaemonSet runs one pod per node: pass the number of nodes');
      return daemonSetStrategy(workload, nodes);
  }
}

function deploymentStrategy({ spec: { replicas, strategy } }: Deployment): EffectiveStrategy {
  if (strategy.type === 'Recreate') return { type: 'Recreate', replicas, maxSurge: 0, maxUnavailable: replicas };
  const { maxSurge, maxUnavailable } = { ...DEPLOYMENT_LIMITS, ...strategy.rollingUpdate };
  return { type: 'RollingUpdate', replicas, ...rollingUpdateLimits(maxSurge, maxUnavailable, replicas) };
}

/**
 * maxUnavailable rounds down, but is at least 1. Source: getStatefulSetMaxUnavailable in pkg/controller/statefulset.
 */
function statefulSetStrategy({ spec: { replicas, updateStrategy } }: StatefulSet): EffectiveStrategy {
  if (updateStrategy.type === 'OnDelete') return { type: 'OnDelete', replicas, maxSurge: 0, maxUnavailable: 0 };
  const { maxUnavailable } = { ...STATEFUL_SET_LIMITS, ...updateStrategy.rollingUpdate };
  const unavailable = Math.max(1, scaledValue(maxUnavailable, replicas, false));
  return { type: 'RollingUpdate', replicas, maxSurge: 0, maxUnavailable: unavailable };
}

/** Both limits round up. Source: SurgeCount and UnavailableCount in pkg/controller/daemon/util. */
function daemonSetStrategy({ spec: { updateStrategy } }: DaemonSet, nodes: number): EffectiveStrategy {
  if (updateStrategy.type === 'OnDelete') return { type: 'OnDelete', replicas: nodes, maxSurge: 0, maxUnavailable: 0 };
  const limits = { ...DAEMON_SET_LIMITS, ...updateStrategy.rollingUpdate };
  const maxSurge = scaledValue(limits.maxSurge, nodes, true);
  const unavailable = scaledValue(limits.maxUnavailable, nodes, true);
  // The controller does the same if both limits are 0 (updatedDesiredNodeCounts).
  const maxUnavailable = maxSurge === 0 && unavailable === 0 ? 1 : unavailable;
  return { type: 'RollingUpdate', replicas: nodes, maxSurge, maxUnavailable };
}
