import type { PodHandler } from '../answer.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { readiness } from '../readiness.ts';

/** GET /healthz : alive, and that for as long as it can answer; a liveness probe must not kill a pod that drains. */
export const healthz: PodHandler = (c) => c.json({ status: 'alive' });

/** GET /readyz */
export function readyz(lifecycle: Lifecycle): PodHandler {
  return () => readiness(lifecycle);
}
