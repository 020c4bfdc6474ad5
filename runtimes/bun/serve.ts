/** Serves a fetch handler on Bun, and shuts down gracefully on SIGTERM and SIGINT. */
import { gracefulFetch } from '../../app/graceful-fetch.ts';
import { type GracefulOptions, type GracefulServer, wire } from '../../app/graceful-server.ts';
import { sleep } from '../../app/sleep.ts';
import type { BunServer, BunWebSocketHandler } from './types.ts';

export type { BunServer, BunServerWebSocket, BunWebSocketHandler } from './types.ts';

/** The maximum of Bun. With its default of 10 s, Bun cuts requests whose handler sends nothing for longer. */
const IDLE_TIMEOUT_S = 255;

const IDLE_POLL_MS = 50;

export interface ServeOptions<WebSocketData = undefined> extends GracefulOptions {
  /** Receives the request and Bun's server. */
  fetch(request: Request, server: BunServer<WebSocketData>): Response | Promise<Response>;
  /** The option of the same name of Bun.serve. */
  websocket?: BunWebSocketHandler<WebSocketData>;
}

export function serve<WebSocketData = undefined>(options: ServeOptions<WebSocketData>): GracefulServer {
  const { fetch, websocket, readinessPath, ...graceful } = options;
  const { port, hostname, lifecycle, ...wiring } = wire(graceful, {
    close: async () => server?.stop(),
    stopListening: async () => server && stopAndFinish(server),
    exit: process.exit,
  });

  // Before the listener opens, so that a signal never reaches a serving process without a handler.
  if (wiring.onSignal) {
    process.on('SIGTERM', wiring.onSignal);
    process.on('SIGINT', wiring.onSignal);
  }

  let server: Bun.Server<WebSocketData> | undefined;
  try {
    const handler = gracefulFetch(fetch, lifecycle, readinessPath);
    const settings = { fetch: handler, hostname, port, idleTimeout: IDLE_TIMEOUT_S };
    server = Bun.serve<WebSocketData>({ ...settings, websocket } as Bun.Serve.Options<WebSocketData>);
    wiring.listening(server.port ?? port);
  } catch (error) {
    wiring.listenFailed(error);
  }
  return wiring.server;
}

/**
 * stop() lets all requests finish and closes each connection once it is idle, but waits up to 10 s for a connection on
 * which nothing was ever sent. Such a connection has nothing to lose, so this waits only for the requests. stop(true)
 * is never used: it cuts connections, and does not resolve while a handler is pending.
 */
async function stopAndFinish(
  server: Pick<Bun.Server<unknown>, 'stop' | 'pendingRequests' | 'pendingWebSockets'>,
): Promise<void> {
  const stopped = server.stop();
  const requestsDone = async () => {
    do await sleep(IDLE_POLL_MS);
    while (server.pendingRequests + server.pendingWebSockets > 0);
  };
  await Promise.race([stopped, requestsDone()]);
}
