/** The service on Bun. */
import { upgradeWebSocket, websocket } from 'hono/bun';
import { createApp } from '../../app/app.ts';
import { createService } from '../../app/service.ts';
import { sleep } from '../../app/sleep.ts';

/** The most Bun allows. Its default of 10 s cuts a request whose handler is silent for longer. */
const IDLE_TIMEOUT_S = 255;

const IDLE_POLL_MS = 50;

const runtime = { name: 'bun', version: Bun.version } as const;

const service = createService(process.env, runtime, {
  close: async () => server?.stop(),
  stopListening: async () => server && stopAndFinish(server),
  exit: process.exit,
});

// Before the listener opens, so that no signal finds a serving process without a handler.
if (service.onSignal) {
  process.on('SIGTERM', service.onSignal);
  process.on('SIGINT', service.onSignal);
}

const app = createApp({ ...service, runtime, upgradeWebSocket });

const server = listen();
if (server?.port !== undefined) service.listening(server.port);

function listen() {
  try {
    return Bun.serve({
      fetch: app.fetch,
      hostname: service.settings.host,
      port: service.settings.port,
      idleTimeout: IDLE_TIMEOUT_S,
      websocket,
    });
  } catch (error) {
    service.listenFailed(error);
  }
}

/**
 * stop() lets every request finish and closes each connection when it has become idle, but waits up to 10 s for one on
 * which nothing was ever sent. There is nothing to lose there, so the requests decide. stop(true) is never used: it
 * cuts, and does not resolve while a handler is pending.
 */
async function stopAndFinish(server: Bun.Server<unknown>): Promise<void> {
  const stopped = server.stop();
  const requestsDone = async () => {
    do await sleep(IDLE_POLL_MS);
    while (server.pendingRequests + server.pendingWebSockets > 0);
  };
  await Promise.race([stopped, requestsDone()]);
}
