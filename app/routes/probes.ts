import type { Handler } from 'hono';
import type { Lifecycle } from '../lifecycle.ts';

/** GET /healthz : alive, and that for as long as it can answer; a liveness probe must not kill a pod that drains. */
export const healthz: Handler = (c) => c.json({ status: 'alive' });

/** GET /readyz : 200 while ready, 503 before and after. */
export function readyz(lifecycle: Lifecycle): Handler {
  return (c) => c.json({ state: lifecycle.state }, lifecycle.state === 'ready' ? 200 : 503);
}
