/**
 * What `serve` takes and hands out on Bun, in words of our own: who imports it may not have Bun's types, and JSR's tools cannot
 * follow a global namespace. With Bun's types a handler may say `Bun.Server` or `Bun.WebSocketHandler` instead.
 */

type Data = string | ArrayBuffer | Uint8Array<ArrayBuffer>;
type HeaderValues = ConstructorParameters<typeof Headers>[0];

/** Bun's server, as a handler needs it. */
export interface BunServer<WebSocketData = undefined> {
  readonly pendingRequests: number;
  readonly pendingWebSockets: number;
  /** Makes a WebSocket of the request; false where that asks for none. */
  upgrade(
    request: Request,
    ...options: [WebSocketData] extends [undefined]
      ? [options?: { headers?: HeaderValues; data?: undefined }]
      : [options: { headers?: HeaderValues; data: WebSocketData }]
  ): boolean;
  requestIP(request: Request): { address: string; family: 'IPv4' | 'IPv6'; port: number } | null;
  /** The idle timeout of this request's connection, in seconds; 0 is none. */
  timeout(request: Request, seconds: number): void;
  publish(topic: string, data: Data, compress?: boolean): number;
}

/** One WebSocket, on the server's side. */
export interface BunServerWebSocket<WebSocketData = undefined> {
  data: WebSocketData;
  readonly readyState: 0 | 1 | 2 | 3;
  readonly remoteAddress: string;
  send(data: Data, compress?: boolean): number;
  close(code?: number, reason?: string): void;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  publish(topic: string, data: Data, compress?: boolean): number;
  isSubscribed(topic: string): boolean;
}

/** As Bun.serve takes it. */
export interface BunWebSocketHandler<WebSocketData = undefined> {
  open?(socket: BunServerWebSocket<WebSocketData>): void | Promise<void>;
  message?(socket: BunServerWebSocket<WebSocketData>, message: string | Uint8Array<ArrayBuffer>): void | Promise<void>;
  drain?(socket: BunServerWebSocket<WebSocketData>): void | Promise<void>;
  close?(socket: BunServerWebSocket<WebSocketData>, code: number, reason: string): void | Promise<void>;
  error?(error: Error, socket: BunServerWebSocket<WebSocketData>): void | Promise<void>;
  /** In bytes. */
  maxPayloadLength?: number;
  /** In bytes. */
  backpressureLimit?: number;
  closeOnBackpressureLimit?: boolean;
  /** In seconds. */
  idleTimeout?: number;
  publishToSelf?: boolean;
  sendPings?: boolean;
  perMessageDeflate?: boolean | object;
}
