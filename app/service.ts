/** The parts of the service that do not depend on the runtime's server. */
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
  /** Options for the runtime's `serve`. */
  serving: GracefulOptions;
}

/** Reads the settings and connects the parts. On a bad setting, writes one log line and exits with code 2. */
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
