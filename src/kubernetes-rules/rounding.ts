/** Kubernetes' arithmetic for `maxSurge` and `maxUnavailable`. */
import { DAEMON_SET_LIMITS, DEPLOYMENT_LIMITS, STATEFUL_SET_LIMITS } from './defaults.ts';
import type { DaemonSet, Deployment, IntOrPercent, StatefulSet, Workload } from './objects.ts';

/** An absolute number as it is; a percentage of `total`, rounded up or down. */
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
 * Pods above and below `replicas` that a rolling update may run with. maxSurge rounds up and maxUnavailable down;
 * where both come out as 0, maxUnavailable is 1, for otherwise nothing could move.
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

/** How a workload replaces its pods, in whole pods. */
export interface EffectiveStrategy extends RollingUpdateLimits {
  /** OnDelete: the controller replaces only what somebody else has deleted. */
  type: 'RollingUpdate' | 'Recreate' | 'OnDelete';
  replicas: number;
}

/**
 * The workload's strategy with its limits rounded as its own controller does.
 * @param nodes how many nodes a DaemonSet runs on, one pod each; no other kind needs it
 */
export function effectiveStrategy(workload: Workload, nodes?: number): EffectiveStrategy {
  switch (workload.kind) {
    case 'Deployment':
      return deploymentStrategy(workload);
    case 'StatefulSet':
      return statefulSetStrategy(workload);
    case 'DaemonSet':
      if (nodes === undefined) throw new Error('a DaemonSet has as many pods as there are nodes: give their number');
      return daemonSetStrategy(workload, nodes);
  }
}

function deploymentStrategy({ spec: { replicas, strategy } }: Deployment): EffectiveStrategy {
  if (strategy.type === 'Recreate') return { type: 'Recreate', replicas, maxSurge: 0, maxUnavailable: replicas };
  const { maxSurge, maxUnavailable } = { ...DEPLOYMENT_LIMITS, ...strategy.rollingUpdate };
  return { type: 'RollingUpdate', replicas, ...rollingUpdateLimits(maxSurge, maxUnavailable, replicas) };
}

/** maxUnavailable rounds down, but never to 0. Source: getStatefulSetMaxUnavailable in pkg/controller/statefulset. */
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
  // The controller's own way out of limits that let nothing move (updatedDesiredNodeCounts).
  const maxUnavailable = maxSurge === 0 && unavailable === 0 ? 1 : unavailable;
  return { type: 'RollingUpdate', replicas: nodes, maxSurge, maxUnavailable };
}
