import type { PodHandler } from '../answer.ts';
import type { Runtime } from '../log.ts';

/** GET /version : which runtime and which version of the service this is. */
export function version(runtime: Runtime, appVersion: string): PodHandler {
  return (c) => c.json({ runtime: runtime.name, runtimeVersion: runtime.version, appVersion });
}
