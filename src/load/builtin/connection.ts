/** One HTTP/1.1 connection that carries one request at a time and knows exactly how far each one came. */
import { connect, type Socket } from 'node:net';
import type { Phase } from '../../trace/load-record.ts';
import { type ResponseHead, ResponseParser, ResponseSyntaxError } from './response-parser.ts';

export interface Outcome {
  phase: Phase;
  bytesReceived: number;
  head: ResponseHead | undefined;
  /** Absent when the response came whole. */
  error?: { name: string; detail: string };
}

/**
 * What came off a socket is parsed before anything else is read, so all connections of a thread can read into the same
 * memory, and no read has to allocate its own.
 */
const READ_BUFFER = Buffer.allocUnsafe(64 * 1024);

export class Connection {
  /** Requests that were begun on it. */
  uses = 0;
  readonly #socket: Socket;
  readonly #parser = new ResponseParser();
  readonly #onUnusable: () => void;
  #connected = false;
  #written = false;
  #bytesReceived = 0;
  #done: ((outcome: Outcome) => void) | undefined;
  #usable = true;

  /** Begins to connect. `onUnusable` is called once no further request may be sent on it. */
  constructor(host: string, port: number, onUnusable: () => void) {
    this.#onUnusable = onUnusable;
    this.#socket = connect({ host, port, noDelay: true, onread: { buffer: READ_BUFFER, callback: this.#onRead } });
    this.#socket.on('connect', () => {
      this.#connected = true;
    });
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? 'error', error.message));
    this.#socket.on('close', () => this.#fail('closed', 'the connection closed'));
  }

  /** Sends one request; `done` is called exactly once. Only while no other is under way. */
  send(request: string, done: (outcome: Outcome) => void): void {
    this.uses++;
    this.#done = done;
    this.#written = false;
    this.#bytesReceived = 0;
    this.#parser.reset();
    this.#socket.write(request, 'latin1', () => {
      this.#written = true;
    });
  }

  /** Gives the request under way up and closes. */
  abandon(name: string, detail: string): void {
    this.#fail(name, detail);
  }

  /** Closes in order, with no request under way. */
  close(): void {
    this.#usable = false;
    this.#socket.end();
    this.#socket.destroySoon();
  }

  readonly #onRead = (length: number): boolean => {
    this.#onData(READ_BUFFER.subarray(0, length));
    return true;
  };

  #onData(chunk: Buffer): void {
    if (!this.#done) {
      this.#retire(); // bytes nobody asked for: whatever they are, the connection can't be trusted any more
      return;
    }
    this.#bytesReceived += chunk.length;
    try {
      const extra = this.#parser.push(chunk);
      if (this.#parser.complete) this.#finish(extra === 0 && this.#parser.head?.keepAlive === true);
    } catch (error) {
      if (!(error instanceof ResponseSyntaxError)) throw error;
      this.#fail('protocol', error.message);
    }
  }

  #onEnd(): void {
    if (this.#done && this.#parser.end()) this.#finish(false);
    else this.#fail('closed', this.#bytesReceived === 0 ? 'closed before the response' : 'closed within the response');
  }

  #finish(reusable: boolean): void {
    const done = this.#done;
    this.#done = undefined;
    const outcome: Outcome = { phase: 'receive', bytesReceived: this.#bytesReceived, head: this.#parser.head };
    if (!reusable) {
      this.close();
      this.#onUnusable();
    }
    done?.(outcome);
  }

  #fail(name: string, detail: string): void {
    const done = this.#done;
    this.#done = undefined;
    this.#retire();
    done?.({
      phase: this.#phase(),
      bytesReceived: this.#bytesReceived,
      head: this.#parser.head,
      error: { name, detail },
    });
  }

  #phase(): Phase {
    if (!this.#connected) return 'connect';
    if (this.#bytesReceived > 0) return 'receive';
    return this.#written ? 'wait' : 'send';
  }

  #retire(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#socket.destroy();
    this.#onUnusable();
  }
}
