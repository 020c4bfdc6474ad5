import type { Context, MiddlewareHandler } from 'hono';
import type { WSEvents } from 'hono/ws';
import type { PodHandler } from '../answer.ts';
import type { Lifecycle } from '../lifecycle.ts';

/** Hono's `upgradeWebSocket` for this runtime. It passes on requests that do not ask for an upgrade. */
export type UpgradeWebSocket = (createEvents: (c: Context) => WSEvents) => MiddlewareHandler;

/** RFC 6455: the endpoint is "going away", such as a server going down. */
const GOING_AWAY = 1001;

/** GET /ws : a WebSocket, if the runtime's server can upgrade connections. */
export function webSocket(lifecycle: Lifecycle, upgrade?: UpgradeWebSocket): PodHandler {
  const upgraded = upgrade?.(echo(lifecycle));
  return async (c) => (await upgraded?.(c, async () => {})) ?? upgradeRequired(c);
}

/** Handles one WebSocket on /ws: echoes messages until the client disconnects or the pod drains. */
function echo(lifecycle: Lifecycle): () => WSEvents {
  return () => {
    let finish: (() => void) | undefined;
    return {
      onOpen(_event, socket) {
        finish = lifecycle.begin('webSockets', () => socket.close(GOING_AWAY, 'going away'));
      },
      async onMessage({ data }, socket) {
        const echoed = data instanceof Blob ? await data.arrayBuffer() : data;
        socket.send(typeof echoed === 'string' ? echoed : new Uint8Array(echoed).slice());
      },
      onClose() {
        finish?.();
      },
    };
  };
}

/** The response to a request that is not an upgrade. */
function upgradeRequired(c: Context): Response {
  return c.json({ error: '/ws only accepts WebSockets' }, 426, { upgrade: 'websocket' });
}
