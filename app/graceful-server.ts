/** What every runtime's `serve` has in common: its options, and what it does beside serving. */
import { Lifecycle } from './lifecycle.ts';
import type { Fields, Log } from './log.ts';
import type { ShutdownMode } from './settings.ts';
import { createShutdown, type ServerControls } from './shutdown.ts';

/** Longer than routers and clients take to learn that a pod is leaving, where there is no preStop hook. */
const DEFAULT_DRAIN_DELAY_MS = 5000;
/** Below Kubernetes' default grace period of 30 s. */
const DEFAULT_DEADLINE_MS = 25_000;

export interface GracefulOptions {
  /** Default: 8080. */
  port?: number;
  /** Default: 0.0.0.0, every address of the pod. */
  hostname?: string;
  /**
   * How long to go on accepting connections after SIGTERM, in ms; default: 5000. Routers and the holders of kept
   * connections have to learn meanwhile that this pod is leaving. With a preStop sleep for the routers, 2000 is enough.
   */
  drainDelayMs?: number;
  /** From SIGTERM to the forced exit with code 1, in ms; default: 25000. Keep preStop and this below the grace period. */
  deadlineMs?: number;
  /** A path that is answered with 200 while the server is ready, and with 503 from SIGTERM on; default: none. */
  readinessPath?: string;
  /** Told of listening, sigterm, draining, stopped and exit; default: nobody is. */
  log?: Log;
  /** What SIGTERM does; default: drain. The others are for comparison: nothing is installed, exit, the runtime's stop. */
  shutdown?: ShutdownMode;
  /** State that others know too; default: one of its own. */
  lifecycle?: Lifecycle;
  /** More for the log's last line. */
  summary?: () => Fields;
}

export interface GracefulServer {
  /** Its `stopping` is aborted when the listener is closed: event streams and WebSockets should end then. */
  readonly lifecycle: Lifecycle;
  /** Does what SIGTERM does. */
  shutdown(): void;
}

/** What a runtime's `serve` needs to know and to tell. */
export interface Wiring {
  port: number;
  hostname: string;
  lifecycle: Lifecycle;
  server: GracefulServer;
  /** The handler for SIGTERM and SIGINT; undefined where none is to be installed. Register it with `on`, never `once`. */
  onSignal: ((signal: string) => void) | undefined;
  /** The listener is open on `port`. */
  listening(port: number): void;
  /** The listener could not be opened: one log line and exit code 1. */
  listenFailed(error: unknown): void;
}

export function wire(options: GracefulOptions, controls: ServerControls): Wiring {
  const { port = 8080, hostname = '0.0.0.0', log = () => {}, lifecycle = new Lifecycle() } = options;
  const { drainDelayMs = DEFAULT_DRAIN_DELAY_MS, deadlineMs = DEFAULT_DEADLINE_MS, shutdown: mode = 'drain' } = options;
  const { summary } = options;
  const onSignal =
    mode === 'none'
      ? undefined
      : createShutdown({
          mode,
          drainDelayMs,
          deadlineMs,
          lifecycle,
          log,
          server: controls,
          ...(summary && { summary }),
        });
  return {
    port,
    hostname,
    lifecycle,
    server: { lifecycle, shutdown: () => onSignal?.('shutdown') },
    onSignal,
    listening(actualPort) {
      // A signal may have come while the listener was being opened.
      if (lifecycle.state === 'starting') lifecycle.ready();
      log('listening', { host: hostname, port: actualPort });
    },
    listenFailed(error) {
      const reason = error instanceof Error ? error.message : String(error);
      log('listen-error', { message: `cannot listen on ${hostname}:${port}: ${reason}` });
      controls.exit(1);
    },
  };
}
