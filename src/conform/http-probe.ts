/** One raw HTTP/1.1 connection: what is written goes out as it is, and every response is told of as it came. */
import { connect, type Socket } from 'node:net';
import { type ResponseHead, ResponseParser, ResponseSyntaxError } from '../load/builtin/response-parser.ts';

export interface Address {
  host: string;
  port: number;
}

export type Reply =
  | { complete: true; status: number; headers: Map<string, string>; keepAlive: boolean; bodyBytes: number }
  | { complete: false; status: number | undefined; what: string };

/** How a connection came to its end, and when (performance.now()). */
export interface Ending {
  how: 'closed' | 'reset' | 'refused';
  atMs: number;
}

/** The outcome of a reply that never began, because the port was closed. */
export const REFUSED = 'connection refused';

const CONNECT_LIMIT_MS = 5000;

export class ProbeConnection {
  /** Resolves when the server has ended it, or it could not be made. Never rejects. */
  readonly ended: Promise<Ending>;
  /** Resolves when it is made or cannot be made. */
  readonly connected: Promise<boolean>;
  readonly #socket: Socket;
  readonly #parser = new ResponseParser();
  #bytes = 0;
  #replies: Reply[] = [];
  #waiting: ((reply: Reply) => void)[] = [];
  #onProgress: (() => void)[] = [];
  #ending: Ending | undefined;
  #protocolError: string | undefined;
  #wasConnected = false;

  constructor(address: Address) {
    this.#socket = connect({ ...address, noDelay: true });
    this.#socket.setTimeout(CONNECT_LIMIT_MS, () => this.#socket.destroy());
    this.connected = new Promise((resolve) => {
      this.#socket.once('connect', () => {
        this.#wasConnected = true;
        this.#socket.setTimeout(0);
        resolve(true);
      });
      this.#socket.once('close', () => resolve(false));
    });
    this.ended = new Promise((resolve) => {
      const end = (how: Ending['how']) => {
        this.#ending ??= { how, atMs: performance.now() };
        this.#failPending();
        resolve(this.#ending);
      };
      this.#socket.on('end', () => {
        if (this.#parser.end()) this.#deliver();
        end('closed');
      });
      this.#socket.on('error', () => end(this.#wasConnected ? 'reset' : 'refused'));
      this.#socket.on('close', () => end(this.#wasConnected ? 'closed' : 'refused'));
    });
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk));
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  write(text: string): void {
    if (!this.#ending) this.#socket.write(text, 'latin1');
  }

  /** Sends and takes the next response. */
  ask(text: string): Promise<Reply> {
    this.write(text);
    return this.reply();
  }

  /** The next response in order; settles at the latest when the connection ends. */
  reply(): Promise<Reply> {
    const ready = this.#replies.shift();
    if (ready) return Promise.resolve(ready);
    if (this.#ending) return Promise.resolve(this.#incomplete());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves with the head of the response under way once a byte of its body has come; undefined if none ever comes. */
  async bodyBegun(): Promise<ResponseHead | undefined> {
    while (!this.#ending && !this.#parser.bodyBytes) {
      await new Promise<void>((resolve) => this.#onProgress.push(resolve));
    }
    return this.#parser.bodyBytes > 0 ? this.#parser.head : undefined;
  }

  /** Ends it with a reset, as a client that crashes does. */
  abort(): void {
    this.#socket.resetAndDestroy();
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    let rest = chunk;
    try {
      while (rest.length > 0 && this.#protocolError === undefined) {
        this.#bytes += rest.length;
        const extra = this.#parser.push(rest);
        rest = rest.subarray(rest.length - extra);
        this.#bytes -= extra;
        if (this.#parser.complete) this.#deliver();
      }
    } catch (error) {
      if (!(error instanceof ResponseSyntaxError)) throw error;
      this.#protocolError = error.message;
      this.#socket.destroy();
    }
    for (const told of this.#onProgress.splice(0)) told();
  }

  #deliver(): void {
    const { head, bodyBytes } = this.#parser;
    if (!head) return;
    const { status, headers, keepAlive } = head;
    const reply: Reply = { complete: true, status, headers, keepAlive, bodyBytes };
    const waiting = this.#waiting.shift();
    if (waiting) waiting(reply);
    else this.#replies.push(reply);
    this.#parser.reset();
    this.#bytes = 0;
  }

  #failPending(): void {
    for (const waiting of this.#waiting.splice(0)) waiting(this.#incomplete());
    for (const told of this.#onProgress.splice(0)) told();
  }

  #incomplete(): Reply {
    return { complete: false, status: this.#parser.head?.status, what: this.#whatHappened() };
  }

  #whatHappened(): string {
    if (this.#protocolError !== undefined) return this.#protocolError;
    const how = this.#ending?.how ?? 'closed';
    if (how === 'refused') return REFUSED;
    return this.#bytes === 0 ? `connection ${how} without a response` : `connection ${how} within the response`;
  }
}

/** One request on a connection of its own. */
export async function ask(address: Address, text: string): Promise<Reply> {
  const connection = new ProbeConnection(address);
  const reply = await connection.ask(text);
  connection.close();
  return reply;
}

/** "200", or what went wrong. */
export function told(reply: Reply): string {
  return reply.complete ? `status ${reply.status}` : reply.what;
}

/** Whether it came whole and is no error of the server's. */
export function served(reply: Reply): boolean {
  return reply.complete && reply.status < 500;
}
