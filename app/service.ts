/** Everything about the service that does not depend on how its runtime serves it. */
import type { GracefulOptions } from './graceful-server.ts';
import { Lifecycle } from './lifecycle.ts';
import { createLog, type Log, type Runtime } from './log.ts';
import { RequestIds } from './request-ids.ts';
import { type Environment, podName, readSettings, type Settings, SettingsError } from './settings.ts';

export interface Service {
  settings: Settings;
  lifecycle: Lifecycle;
  requestIds: RequestIds;
  log: Log;
  /** How its runtime is to serve it. */
  serving: GracefulOptions;
}

/** Reads the settings and wires the parts. A bad setting is one log line and exit code 2. */
export function createService(env: Environment, runtime: Runtime, exit: (code: number) => void): Service {
  const settings = readOrExit(env, runtime, exit);
  const { port, host: hostname, shutdown, drainDelayMs, shutdownDeadlineMs: deadlineMs } = settings;
  const log = createLog(settings.podName, runtime);
  const lifecycle = new Lifecycle();
  const requestIds = new RequestIds();
  const summary = () => ({ repeatedIds: requestIds.repeated });
  const serving = { port, hostname, shutdown, drainDelayMs, deadlineMs, lifecycle, log, summary };
  return { settings, lifecycle, requestIds, log, serving };
}

function readOrExit(env: Environment, runtime: Runtime, exit: (code: number) => void): Settings {
  try {
    return readSettings(env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    createLog(podName(env), runtime)('settings-error', { message: error.message });
    exit(2);
    throw error;
  }
}
