/** What happens on SIGTERM, independent of runtime and server. */
import type { Lifecycle, WorkCounts } from './lifecycle.ts';
import type { Fields, Log } from './log.ts';
import type { ShutdownMode } from './settings.ts';
import { sleep } from './sleep.ts';

/** Operations of a runtime's server. Both ways to stop close the listener within one turn of the event loop. */
export interface ServerControls {
  /** Only the runtime's own graceful stop. Resolves when the runtime says that it is done. */
  close(): Promise<void>;
  /** The same, but does not wait for idle connections. Resolves when no connection is left. */
  stopListening(): Promise<void>;
  exit(code: number): void;
}

export interface ShutdownOptions {
  mode: Exclude<ShutdownMode, 'none'>;
  /** For drain: how long to keep accepting connections after the signal, in ms. */
  drainDelayMs: number;
  /** For drain: time from the signal to a forced exit with code 1, in ms. */
  deadlineMs: number;
  lifecycle: Lifecycle;
  log: Log;
  server: ServerControls;
  /** Additional fields for the last log line. */
  summary?: () => Fields;
}

/**
 * The handler for SIGTERM and SIGINT. Only the first signal has an effect; further ones are logged. Register it with
 * `on`, never with `once`: after `once`, a second signal would kill the process.
 */
export function createShutdown(options: ShutdownOptions): (signal: string) => void {
  const { mode, log } = options;
  let begun = false;
  return (signal) => {
    if (begun) return log('signal-ignored', { signal });
    begun = true;
    log('sigterm', { signal });
    MODES[mode](options).catch((error: unknown) => {
      log('shutdown-error', { message: String(error) });
      exit(options, 1);
    });
  };
}

const MODES: Record<ShutdownOptions['mode'], (options: ShutdownOptions) => Promise<void>> = {
  exit: async (options) => exit(options, 0),
  close,
  drain,
};

/** The naive way: the service does not know about it, so readiness and responses do not change. */
async function close(options: ShutdownOptions): Promise<void> {
  const stopped = nextTurn().then(() => options.log('stopped'));
  await Promise.all([options.server.close(), stopped]);
  exit(options, 0);
}

async function drain(options: ShutdownOptions): Promise<void> {
  const { lifecycle, log, server, drainDelayMs, deadlineMs } = options;
  const deadline = setTimeout(() => exit(options, 1, { reason: 'deadline', deadlineMs }), deadlineMs);

  // From now on, readiness fails and every response has Connection: close. The listener stays open, because routers and
  // clients keep sending requests until they notice that this pod is terminating.
  lifecycle.drain();
  log('draining', { drainDelayMs });
  await sleep(drainDelayMs);

  const connectionsClosed = server.stopListening();
  const workDone = nextTurn().then(() => {
    lifecycle.stop();
    log('stopped');
    // Sessions never end by themselves. Their clients reconnect, now to another pod.
    lifecycle.endSessions();
    return lifecycle.whenIdle();
  });

  // Wait for both: a runtime may report that it is closed before the last handler is done, and a response may still be
  // being sent after its handler is done.
  await Promise.all([connectionsClosed, workDone]);
  clearTimeout(deadline);
  exit(options, 0);
}

/** Deno closes its listener only after the current task. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function exit({ lifecycle, log, server, summary }: ShutdownOptions, code: number, reason?: Fields): void {
  const cut = unfinished(lifecycle.active);
  log('exit', { code, ...reason, handled: lifecycle.handled, ...summary?.(), ...(cut && { cut }) });
  server.exit(code);
}

/** The counts if there is work left, else undefined. */
function unfinished(active: WorkCounts): WorkCounts | undefined {
  return Object.values(active).some((count) => count > 0) ? active : undefined;
}
