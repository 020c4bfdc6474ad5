import type { PodHandler } from '../answer.ts';
import type { Runtime } from '../log.ts';

/** GET /version : the runtime, its version, and the version of the service. */
export function version(runtime: Runtime, appVersion: string): PodHandler {
  return (c) => c.json({ runtime: runtime.name, runtimeVersion: runtime.version, appVersion });
}
