/**
 * The Service as a TCP proxy on a loopback port, for clients that cannot follow the routing table: k6, curl, browsers.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '../../random.ts';
import type { ProxiedRequest, RoutingTable } from '../cluster.ts';
import { type RefusalOptions, type Refusals, refuseShare } from './refusals.ts';
import { type Dialled, ServiceNetwork } from './service-network.ts';

/** The id in a request head. */
const REQUEST_ID = /x-request-id:[ \t]*([^\r\n]+)\r\n/gi;
/** Long enough for a header name and an id that are split between two chunks. */
const OVERLAP_BYTES = 256;

/** What is recorded about a connection; `connectError` may be set after its first request. */
type ConnectionNote = Omit<ProxiedRequest, 'connection'>;

export interface ServiceProxyOptions {
  routes(): RoutingTable;
  random: Random;
  /** Present: it refuses new connections as the kernel would. They are then not recorded. */
  refusals?: Omit<RefusalOptions, 'server' | 'address' | 'routes'> | undefined;
  /** See `NetworkOptions`. */
  takesFree?: boolean;
}

export class ServiceProxy {
  readonly #options: ServiceProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #refusals: Refusals | undefined;
  /** Each request by its id, as often as it came. */
  readonly #requests = new Map<string, { on: ConnectionNote; connection: ProxiedRequest['connection'] }[]>();

  constructor(options: ServiceProxyOptions) {
    this.#options = options;
    const { routes, random, refusals, takesFree = false } = options;
    const network = new ServiceNetwork(routes, random, { refusedBefore: refusals !== undefined, takesFree });
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      this.#track(client);
      const giveUp = network.dial((dialled) => this.#serve(client, dialled));
      client.on('close', giveUp);
    });
  }

  async listen(host: string, port: number): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    const { routes, refusals } = this.#options;
    if (refusals) this.#refusals = refuseShare({ ...refusals, routes, server: this.#server, address: { host, port } });
  }

  /** Whether a connection that nobody accepted may have been reset at a moment of that span, instead of being refused. */
  refusedLate(fromMs: number, toMs: number): boolean {
    return this.#refusals?.resetBetween(fromMs, toMs) ?? false;
  }

  /** What was recorded about the request when it came for the nth last time; by default, the last one. */
  proxiedRequest(requestId: string, nthLast = 1): ProxiedRequest | undefined {
    const seen = this.#requests.get(requestId)?.at(-nthLast);
    return seen && { ...seen.on, connection: seen.connection };
  }

  async close(): Promise<void> {
    this.#refusals?.stop();
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Pipes one connection. The end or reset of one side is passed on to the other. */
  #serve(client: Socket, { router, endpoint, error }: Dialled): void {
    const connection: ConnectionNote = { router, ...(endpoint ? { pod: endpoint.pod } : {}) };
    this.#noteRequests(client, connection);
    if (!endpoint || error) {
      connection.connectError = error ?? 'ECONNREFUSED';
      this.#refuse(client);
      return;
    }
    const pod = connect({ host: endpoint.host, port: endpoint.port, allowHalfOpen: true, noDelay: true });
    this.#track(pod);
    let connected = false;
    pod.on('connect', () => {
      connected = true;
    });
    pod.on('error', (error: NodeJS.ErrnoException) => {
      if (connected) client.resetAndDestroy();
      else {
        connection.connectError = error.code ?? error.message;
        this.#refuse(client);
      }
    });
    client.on('error', () => pod.resetAndDestroy());
    client.pipe(pod);
    pod.pipe(client);
  }

  /**
   * A proxy accepts a connection before it knows the endpoint, so it cannot refuse it as the kernel would. It resets
   * the connection instead, but only after the request has arrived, so that its id is known.
   */
  #refuse(client: Socket): void {
    client.unpipe();
    if (client.bytesRead > 0) client.resetAndDestroy();
    else client.once('data', () => client.resetAndDestroy());
    client.resume();
  }

  #noteRequests(client: Socket, on: ConnectionNote): void {
    let tail = '';
    let seen = 0;
    client.on('data', (chunk: Buffer) => {
      const text = tail + chunk.toString('latin1');
      let end = 0;
      for (const match of text.matchAll(REQUEST_ID)) {
        const id = match[1] as string;
        const request = { on, connection: seen++ === 0 ? ('fresh' as const) : ('reused' as const) };
        const known = this.#requests.get(id);
        if (known) known.push(request);
        else this.#requests.set(id, [request]);
        end = match.index + match[0].length;
      }
      tail = text.slice(Math.max(end, text.length - OVERLAP_BYTES));
    });
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}); // handled elsewhere; without any listener an error would crash the program
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
