/** WebSockets for routes of Hono on Node.js, in types of our own: who imports `serve` may not have Hono's. */
import { upgradeWebSocket as upgrade } from '@hono/node-server';

/** A WebSocketServer of ws, in words that need neither its types nor Node's. */
export interface UpgradingServer {
  options: { noServer?: boolean | undefined };
  handleUpgrade(...args: never[]): void;
}

/** One WebSocket, on the server's side. */
export interface ServerWebSocket {
  readonly readyState: 0 | 1 | 2 | 3;
  readonly protocol: string | null;
  send(data: string | ArrayBuffer | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** What a route does as its WebSocket opens, gets a message, closes and fails. */
export interface WebSocketEvents {
  onOpen?(event: unknown, socket: ServerWebSocket): void;
  onMessage?(event: { readonly data: unknown }, socket: ServerWebSocket): void;
  onClose?(event: { readonly code: number; readonly reason: string }, socket: ServerWebSocket): void;
  onError?(event: unknown, socket: ServerWebSocket): void;
}

/** What Hono hands to a route, as far as it can be said without Hono's types. */
export interface RouteContext {
  readonly req: {
    readonly raw: Request;
    readonly url: string;
    readonly path: string;
    header(name: string): string | undefined;
    query(name: string): string | undefined;
  };
}

/**
 * Makes a route of Hono that takes WebSockets, as `upgradeWebSocket` of @hono/node-server does. It has to be this one: the two
 * find each other's requests by symbols that each copy of that package has of its own.
 */
export const upgradeWebSocket: (
  createEvents: (context: RouteContext) => WebSocketEvents | Promise<WebSocketEvents>,
) => (context: RouteContext, next: () => Promise<void>) => Promise<Response | undefined> = upgrade as never;
