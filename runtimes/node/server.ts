/** The service on Node.js. */
import type { Server } from 'node:http';
import { serve, upgradeWebSocket, type WebSocketServerLike } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import { createApp } from '../../app/app.ts';
import { createService } from '../../app/service.ts';

const IDLE_POLL_MS = 50;

const runtime = { name: 'node', version: process.versions.node } as const;

const service = createService(process.env, runtime, {
  close: () => new Promise((resolve) => server.close(() => resolve())),

  // close() ends the connections that are idle at that moment. One that becomes idle later would stay for its
  // keep-alive timeout, 6 s, and hold up the exit.
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

// Before the listener opens, so that no signal finds a serving process without a handler.
if (service.onSignal) {
  process.on('SIGTERM', service.onSignal);
  process.on('SIGINT', service.onSignal);
}

const app = createApp({ ...service, runtime, upgradeWebSocket });

// ws types the option it was given as optional; the adapter asks for it to be set.
const webSocketServer = new WebSocketServer({ noServer: true }) as WebSocketServerLike;

const server = serve(
  {
    fetch: app.fetch,
    hostname: service.settings.host,
    port: service.settings.port,
    websocket: { server: webSocketServer },
  },
  ({ port }) => service.listening(port),
) as Server; // of node:http, as no other createServer was given
server.on('error', service.listenFailed);
