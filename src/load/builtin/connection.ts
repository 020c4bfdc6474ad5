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
  /** A request that waits for the connection to open. */
  #waiting: string | undefined;
  #bytesReceived = 0;
  #done: ((outcome: Outcome) => void) | undefined;
  #usable = true;

  /** Begins to connect. `onUnusable` is called once no further request may be sent on it. */
  constructor(host: string, port: number, onUnusable: () => void) {
    this.#onUnusable = onUnusable;
    this.#socket = connect({ host, port, noDelay: true, onread: { buffer: READ_BUFFER, callback: this.#onRead } });
    this.#socket.on('connect', () => this.#onConnect());
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? 'error', error.message));
    this.#socket.on('close', () => this.#fail('closed', 'the connection closed'));
  }

  /** Sends one request; `done` is called exactly once. Only while no other is under way. */
  send(request: string, done: (outcome: Outcome) => void): void {
    this.uses++;
    this.#done = done;
    this.#bytesReceived = 0;
    this.#parser.reset();
    // A socket that is still connecting would take it too, but keep it behind four listeners of its own.
    if (this.#connected) this.#socket.write(request, 'latin1');
    else this.#waiting = request;
  }

  /** Gives the request under way up and closes. */
  abandon(name: string, detail: string): void {
    this.#fail(name, detail);
  }

  /** Closes in order, with no request under way. */
  close(): void {
    this.#usable = false;
    // close() alone sends the FIN; a shutdown() before it would be one call more. It waits for what is not yet sent.
    if (this.#isSent()) this.#socket.destroy();
    else this.#socket.destroySoon();
  }

  #onConnect(): void {
    this.#connected = true;
    if (this.#waiting !== undefined) this.#socket.write(this.#waiting, 'latin1');
    this.#waiting = undefined;
  }

  readonly #onRead = (length: number): boolean => {
    this.#onData(length);
    return true;
  };

  #onData(length: number): void {
    if (!this.#done) {
      this.#retire(); // bytes nobody asked for: whatever they are, the connection can't be trusted any more
      return;
    }
    this.#bytesReceived += length;
    try {
      const extra = this.#parser.push(READ_BUFFER, length);
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
    return this.#isSent() ? 'wait' : 'send';
  }

  /** Whether the kernel has all of the request. */
  #isSent(): boolean {
    return this.#socket.writableLength === 0;
  }

  #retire(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#socket.destroy();
    this.#onUnusable();
  }
}
