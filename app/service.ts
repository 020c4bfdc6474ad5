/** Everything about the service that does not depend on how its runtime serves it. */
import { Lifecycle } from './lifecycle.ts';
import { createLog, type Log, type Runtime } from './log.ts';
import { RequestIds } from './request-ids.ts';
import { type Environment, podName, readSettings, type Settings, SettingsError } from './settings.ts';
import { createShutdown, type ServerControls } from './shutdown.ts';

export interface Service {
  settings: Settings;
  lifecycle: Lifecycle;
  requestIds: RequestIds;
  log: Log;
  /** The handler for SIGTERM and SIGINT; undefined where none is to be installed (SHUTDOWN=none). */
  onSignal: ((signal: string) => void) | undefined;
  /** The listener is open on `port`. */
  listening(port: number): void;
  /** The listener could not be opened: one log line and exit code 1. */
  listenFailed(error: unknown): void;
}

/** Reads the settings and wires the parts. A bad setting is one log line and exit code 2. */
export function createService(env: Environment, runtime: Runtime, server: ServerControls): Service {
  const settings = readOrExit(env, runtime, server);
  const { shutdown: mode, drainDelayMs, shutdownDeadlineMs: deadlineMs } = settings;
  const log = createLog(settings.podName, runtime);
  const lifecycle = new Lifecycle();
  const requestIds = new RequestIds();
  const summary = () => ({ repeatedIds: requestIds.repeated });
  const onSignal =
    mode === 'none' ? undefined : createShutdown({ mode, drainDelayMs, deadlineMs, lifecycle, log, server, summary });
  return {
    settings,
    lifecycle,
    requestIds,
    log,
    onSignal,
    listening(port) {
      // A signal may have come while the listener was being opened.
      if (lifecycle.state === 'starting') lifecycle.ready();
      log('listening', { host: settings.host, port });
    },
    listenFailed(error) {
      const reason = error instanceof Error ? error.message : String(error);
      log('listen-error', { message: `cannot listen on ${settings.host}:${settings.port}: ${reason}` });
      server.exit(1);
    },
  };
}

function readOrExit(env: Environment, runtime: Runtime, server: ServerControls): Settings {
  try {
    return readSettings(env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    createLog(podName(env), runtime)('settings-error', { message: error.message });
    server.exit(2);
    throw error;
  }
}
