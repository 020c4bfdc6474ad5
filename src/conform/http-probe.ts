/** A raw HTTP/1.1 connection: sends text unchanged and reports every response in detail. */
import { connect, type Socket } from 'node:net';
import { type ResponseHead, ResponseParser, ResponseSyntaxError } from '../load/builtin/response-parser.ts';

export interface Address {
  host: string;
  port: number;
}

export type Reply =
  | { complete: true; status: number; headers: Map<string, string>; keepAlive: boolean; bodyBytes: number }
  | { complete: false; status: number | undefined; what: string };

/** How a connection ended, and when (performance.now()). */
export interface Ending {
  how: 'closed' | 'reset' | 'refused';
  atMs: number;
}

/** The description of a reply that never began because the port was closed. */
export const REFUSED = 'connection refused';

const CONNECT_LIMIT_MS = 5000;

export class ProbeConnection {
  /** Resolves when the server has ended the connection or it could not be established. Never rejects. */
  readonly ended: Promise<Ending>;
  /** Resolves to whether the connection was established. */
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

  /** Sends text and waits for the next response. */
  ask(text: string): Promise<Reply> {
    this.write(text);
    return this.reply();
  }

  /** The next response in order. Settles at the latest when the connection ends. */
  reply(): Promise<Reply> {
    const ready = this.#replies.shift();
    if (ready) return Promise.resolve(ready);
    if (this.#ending) return Promise.resolve(this.#incomplete());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves to the head of the current response when a byte of its body has arrived; undefined if none ever does. */
  async bodyBegun(): Promise<ResponseHead | undefined> {
    while (!this.#ending && !this.#parser.bodyBytes) {
      await new Promise<void>((resolve) => this.#onProgress.push(resolve));
    }
    return this.#parser.bodyBytes > 0 ? this.#parser.head : undefined;
  }

  /** Resets the connection, like a client that crashes. */
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
    for (const notify of this.#onProgress.splice(0)) notify();
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
    for (const notify of this.#onProgress.splice(0)) notify();
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

/** Sends one request on a new connection. */
export async function ask(address: Address, text: string): Promise<Reply> {
  const connection = new ProbeConnection(address);
  const reply = await connection.ask(text);
  connection.close();
  return reply;
}

/** For example "status 200", or how the reply broke. */
export function describeReply(reply: Reply): string {
  return reply.complete ? `status ${reply.status}` : reply.what;
}

/** Whether the response is complete and not a server error. */
export function served(reply: Reply): boolean {
  return reply.complete && reply.status < 500;
}
