/** What the `serve` functions of all runtimes share: their options, and the parts around serving. */
import { Lifecycle } from './lifecycle.ts';
import type { Fields, Log } from './log.ts';
import type { ShutdownMode } from './settings.ts';
import { createShutdown, type ServerControls } from './shutdown.ts';

/** Longer than routers and clients need to notice that a pod is terminating, if there is no preStop hook. */
const DEFAULT_DRAIN_DELAY_MS = 5000;
/** Below Kubernetes' default grace period of 30 s. */
const DEFAULT_DEADLINE_MS = 25_000;

export interface GracefulOptions {
  /** Default: 8080. */
  port?: number;
  /** Default: 0.0.0.0, all addresses of the pod. */
  hostname?: string;
  /**
   * How long to keep accepting connections after SIGTERM, in ms; default: 5000. During this time, routers and clients
   * with keep-alive connections notice that the pod is terminating. With a preStop sleep for the routers, 2000 is
   * enough.
   */
  drainDelayMs?: number;
  /**
   * Time from SIGTERM to a forced exit with code 1, in ms; default: 25000. Keep preStop plus this below the grace
   * period.
   */
  deadlineMs?: number;
  /** A path that answers 200 while the server is ready, and 503 after SIGTERM; default: none. */
  readinessPath?: string;
  /** Receives the events listening, sigterm, draining, stopped and exit; default: no log. */
  log?: Log;
  /**
   * What SIGTERM does; default: drain. The others are for comparison: no handler, exit at once, the runtime's own stop.
   */
  shutdown?: ShutdownMode;
  /** The state of the service, if it is shared with other code; default: a new one. */
  lifecycle?: Lifecycle;
  /** Additional fields for the last log line. */
  summary?: () => Fields;
}

export interface GracefulServer {
  /** Its `stopping` signal is aborted when the listener is closed. Event streams and WebSockets should end then. */
  readonly lifecycle: Lifecycle;
  /** Does what SIGTERM does. */
  shutdown(): void;
}

/** The parts that a runtime's `serve` uses and calls. */
export interface Wiring {
  port: number;
  hostname: string;
  lifecycle: Lifecycle;
  server: GracefulServer;
  /**
   * The handler for SIGTERM and SIGINT; undefined if none is to be installed. Register it with `on`, never with `once`.
   */
  onSignal: ((signal: string) => void) | undefined;
  /** To be called once the listener is open on `port`. */
  listening(port: number): void;
  /** To be called if the listener could not be opened: writes one log line and exits with code 1. */
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
      // A signal may have arrived while the listener was being opened.
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
