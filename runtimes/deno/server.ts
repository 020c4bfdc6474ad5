/** The service on Deno. */
import { upgradeWebSocket } from 'hono/deno';
import { createApp } from '../../app/app.ts';
import { createService } from '../../app/service.ts';
import { VARIABLES } from '../../app/settings.ts';

const runtime = { name: 'deno', version: Deno.version.deno } as const;

// By name, because the process may read these variables and no other.
const env = Object.fromEntries(VARIABLES.map((name) => [name, Deno.env.get(name)]));

// shutdown() lets requests finish, ends idle connections, and closes every WebSocket with 1001. It is also what ends
// keep-alive connections: Deno sends `Connection: close` but leaves it to the client to close.
const stop = async () => server?.shutdown();

const service = createService(env, runtime, { close: stop, stopListening: stop, exit: Deno.exit });

// Before the listener opens, so that no signal finds a serving process without a handler.
const { onSignal } = service;
if (onSignal) {
  Deno.addSignalListener('SIGTERM', () => onSignal('SIGTERM'));
  Deno.addSignalListener('SIGINT', () => onSignal('SIGINT'));
}

const app = createApp({ ...service, runtime, upgradeWebSocket });

const server = listen();
if (server) service.listening(server.addr.port);

function listen() {
  const { host: hostname, port } = service.settings;
  try {
    // Without onListen Deno writes a line of its own.
    return Deno.serve({ hostname, port, onListen() {} }, app.fetch);
  } catch (error) {
    service.listenFailed(error);
  }
}
