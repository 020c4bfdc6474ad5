/** What happens on SIGTERM, on any runtime, with any server. */
import type { Lifecycle, WorkCounts } from './lifecycle.ts';
import type { Fields, Log } from './log.ts';
import type { ShutdownMode } from './settings.ts';
import { sleep } from './sleep.ts';

/** What a runtime's server can do. Both ways to stop close the listener within one turn of the event loop. */
export interface ServerControls {
  /** The runtime's own graceful stop and nothing else; resolves when the runtime says it is done. */
  close(): Promise<void>;
  /** The same with all it takes on this runtime not to wait for idle connections; resolves when none is left. */
  stopListening(): Promise<void>;
  exit(code: number): void;
}

export interface ShutdownOptions {
  mode: Exclude<ShutdownMode, 'none'>;
  /** How long to go on accepting connections after the signal, in ms (drain). */
  drainDelayMs: number;
  /** From the signal to the forced exit with code 1, in ms (drain). */
  deadlineMs: number;
  lifecycle: Lifecycle;
  log: Log;
  server: ServerControls;
  /** More for the log's last line. */
  summary?: () => Fields;
}

/**
 * The handler for SIGTERM and SIGINT. Only the first signal starts anything: a second one is logged and changes
 * nothing, so register it with `on`, never with `once`, which would leave the second signal to the default: death.
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

/** The naive way: the service itself is not told, so readiness and responses stay as they were. */
async function close(options: ShutdownOptions): Promise<void> {
  const stopped = nextTurn().then(() => options.log('stopped'));
  await Promise.all([options.server.close(), stopped]);
  exit(options, 0);
}

async function drain(options: ShutdownOptions): Promise<void> {
  const { lifecycle, log, server, drainDelayMs, deadlineMs } = options;
  const deadline = setTimeout(() => exit(options, 1, { reason: 'deadline', deadlineMs }), deadlineMs);

  // From here readiness fails and every response carries Connection: close. The listener stays open, because
  // routers and clients go on sending until they have learnt that this pod is leaving.
  lifecycle.drain();
  log('draining', { drainDelayMs });
  await sleep(drainDelayMs);

  const connectionsClosed = server.stopListening();
  const workDone = nextTurn().then(() => {
    lifecycle.stop();
    log('stopped');
    // These would never end by themselves; their clients reconnect, and reach another pod now.
    lifecycle.endSessions();
    return lifecycle.whenIdle();
  });

  // Both, because a runtime may call itself closed before the last handler is done, and a response whose handler is
  // done may still be on its way out.
  await Promise.all([connectionsClosed, workDone]);
  clearTimeout(deadline);
  exit(options, 0);
}

/** Deno closes its listener only after the task that asked for it. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function exit({ lifecycle, log, server, summary }: ShutdownOptions, code: number, reason?: Fields): void {
  const cut = unfinished(lifecycle.active);
  log('exit', { code, ...reason, handled: lifecycle.handled, ...summary?.(), ...(cut && { cut }) });
  server.exit(code);
}

/** The counts if there is any work left; undefined when there is none. */
function unfinished(active: WorkCounts): WorkCounts | undefined {
  return Object.values(active).some((count) => count > 0) ? active : undefined;
}
