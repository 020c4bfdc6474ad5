/** Kubernetes' arithmetic for `maxSurge` and `maxUnavailable`. */
import type { Deployment, IntOrPercent } from './objects.ts';

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

/** What the API server fills in where a Deployment is silent, with the limits rounded. */
export function effectiveStrategy(spec: Deployment['spec']) {
  const replicas = spec.replicas ?? 1;
  const type: 'RollingUpdate' | 'Recreate' = spec.strategy?.type === 'Recreate' ? 'Recreate' : 'RollingUpdate';
  if (type === 'Recreate') return { type, replicas, maxSurge: 0, maxUnavailable: replicas };
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  return { type, replicas, ...rollingUpdateLimits(maxSurge, maxUnavailable, replicas) };
}
