/** Serves a fetch handler on Node.js, and shuts down gracefully on SIGTERM and SIGINT. */
import type { Server } from 'node:http';
import { serve as serveFetch, type WebSocketServerLike } from '@hono/node-server';
import { type FetchHandler, gracefulFetch } from '../../app/graceful-fetch.ts';
import { type GracefulOptions, type GracefulServer, wire } from '../../app/graceful-server.ts';
import type { UpgradingServer } from './web-socket.ts';

export {
  type RouteContext,
  type ServerWebSocket,
  type UpgradingServer,
  upgradeWebSocket,
  type WebSocketEvents,
} from './web-socket.ts';

const IDLE_POLL_MS = 50;

type WebSockets = { server: WebSocketServerLike };

export interface ServeOptions extends GracefulOptions {
  /** Receives the request, and Node's own objects as the second argument. */
  fetch: FetchHandler<[env: object]>;
  /** A ws WebSocketServer with noServer, for `upgradeWebSocket`. */
  websocket?: { server: UpgradingServer };
}

export function serve({ fetch, websocket, ...options }: ServeOptions): GracefulServer {
  const { port, hostname, lifecycle, ...wiring } = wire(options, {
    close: () => new Promise((resolve) => server.close(() => resolve())),

    // close() closes the connections that are idle at that moment. One that becomes idle later would stay open until
    // its keep-alive timeout of 6 s, and delay the exit.
    stopListening: () =>
      new Promise((resolve) => {
        const poll = setInterval(() => server.closeIdleConnections(), IDLE_POLL_MS);
        server.close(() => {
          clearInterval(poll);
          resolve();
        });
      }),

    exit: (code) => process.exit(code),
  });

  // Before the listener opens, so that a signal never reaches a serving process without a handler.
  if (wiring.onSignal) {
    process.on('SIGTERM', wiring.onSignal);
    process.on('SIGINT', wiring.onSignal);
  }

  const handler = gracefulFetch(fetch, lifecycle, options.readinessPath);
  const settings = { fetch: handler, hostname, port, ...(websocket && { websocket: websocket as WebSockets }) };
  // Of node:http, because no other createServer was given.
  const server = serveFetch(settings, (address) => wiring.listening(address.port)) as Server;
  server.on('error', wiring.listenFailed);
  return wiring.server;
}
