import type { Handler } from 'hono';
import type { Runtime } from '../log.ts';

/** GET /version : which runtime and which version of the service this is. */
export function version(runtime: Runtime, appVersion: string): Handler {
  return (c) => c.json({ runtime: runtime.name, runtimeVersion: runtime.version, appVersion });
}
