import type { Handler } from 'hono';
import type { Lifecycle } from '../lifecycle.ts';
import { readiness } from '../readiness.ts';

/** GET /healthz : alive, and that for as long as it can answer; a liveness probe must not kill a pod that drains. */
export const healthz: Handler = (c) => c.json({ status: 'alive' });

/** GET /readyz */
export function readyz(lifecycle: Lifecycle): Handler {
  return () => readiness(lifecycle);
}
