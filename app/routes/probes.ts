import type { PodHandler } from '../answer.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { readiness } from '../readiness.ts';

/** GET /healthz : always alive, also while draining: a liveness probe must not kill a pod that drains. */
export const healthz: PodHandler = (c) => c.json({ status: 'alive' });

/** GET /readyz */
export function readyz(lifecycle: Lifecycle): PodHandler {
  return () => readiness(lifecycle);
}
