/** One HTTP/1.1 connection. It carries one request at a time and knows exactly how far each one got. */
import { connect, type Socket } from 'node:net';
import type { Phase } from '../../trace/load-record.ts';
import { type ResponseHead, ResponseParser, ResponseSyntaxError } from './response-parser.ts';

/** Reads the answer to a request, byte by byte as it arrives. */
export interface AnswerReader {
  readonly head: ResponseHead | undefined;
  readonly complete: boolean;
  /** Whether the connection may carry another request after a complete answer. */
  readonly keepAlive: boolean;
  /** Ready for the next answer on the same connection. */
  reset(): void;
  /**
   * Reads the first `length` bytes of `chunk`. Returns how many of them do not belong to this answer.
   * @throws ResponseSyntaxError
   */
  push(chunk: Buffer, length: number): number;
  /** The server closed the connection with a FIN. Returns whether that completes the answer. */
  end(): boolean;
}

export interface Outcome {
  phase: Phase;
  bytesReceived: number;
  head: ResponseHead | undefined;
  /** Absent when the response arrived complete. */
  error?: { name: string; detail: string };
}

/**
 * Bytes are parsed before the next read, so all connections of a thread share one buffer and no read allocates its own.
 */
const READ_BUFFER = Buffer.allocUnsafe(64 * 1024);
/** What `write` lets wait in memory for a server that does not read, in bytes. */
const MAX_UNSENT_BYTES = 64 * 1024;

export class Connection {
  /** Requests started on it. */
  uses = 0;
  readonly #socket: Socket;
  readonly #reader: AnswerReader;
  readonly #onUnusable: () => void;
  #connected = false;
  /** A request that waits for the connection to open. */
  #waiting: string | undefined;
  #bytesReceived = 0;
  #done: ((outcome: Outcome) => void) | undefined;
  #usable = true;

  /** Starts to connect. `onUnusable` is called once, when no further request may be sent on it. */
  constructor(host: string, port: number, onUnusable: () => void, reader: AnswerReader = new ResponseParser()) {
    this.#onUnusable = onUnusable;
    this.#reader = reader;
    this.#socket = connect({ host, port, noDelay: true, onread: { buffer: READ_BUFFER, callback: this.#onRead } });
    this.#socket.on('connect', () => this.#onConnect());
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? 'error', error.message));
    this.#socket.on('close', () => this.#fail('closed', 'the connection closed'));
  }

  /** Sends one request; `done` is called exactly once. Call it only while no other request is in flight. */
  send(request: string, done: (outcome: Outcome) => void): void {
    this.uses++;
    this.#done = done;
    this.#bytesReceived = 0;
    this.#reader.reset();
    // A socket that is still connecting would accept it too, but at the cost of extra listeners.
    if (this.#connected) this.#socket.write(request, 'latin1');
    else this.#waiting = request;
  }

  /** Sends more while an answer is being read. Dropped if the server does not read what was sent before. */
  write(bytes: Buffer): void {
    if (this.#usable && this.#socket.writableLength <= MAX_UNSENT_BYTES) this.#socket.write(bytes);
  }

  /** Gives up the request in flight and closes the connection. */
  abandon(name: string, detail: string): void {
    this.#fail(name, detail);
  }

  /** Closes with a FIN. No request may be in flight. */
  close(): void {
    this.#usable = false;
    // close() sends the FIN by itself, so shutdown() would be one system call more. Unsent bytes must go out first.
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
      this.#retire(); // unexpected bytes: the connection can no longer be trusted
      return;
    }
    this.#bytesReceived += length;
    try {
      const extra = this.#reader.push(READ_BUFFER, length);
      if (this.#reader.complete) this.#finish(extra === 0 && this.#reader.keepAlive);
    } catch (error) {
      if (!(error instanceof ResponseSyntaxError)) throw error;
      this.#fail('protocol', error.message);
    }
  }

  #onEnd(): void {
    if (this.#done && this.#reader.end()) this.#finish(false);
    else this.#fail('closed', this.#bytesReceived === 0 ? 'closed before the response' : 'closed within the response');
  }

  #finish(reusable: boolean): void {
    const done = this.#done;
    this.#done = undefined;
    const outcome: Outcome = { phase: 'receive', bytesReceived: this.#bytesReceived, head: this.#reader.head };
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
      head: this.#reader.head,
      error: { name, detail },
    });
  }

  #phase(): Phase {
    if (!this.#connected) return 'connect';
    if (this.#bytesReceived > 0) return 'receive';
    return this.#isSent() ? 'wait' : 'send';
  }

  /** Whether the kernel has taken the whole request. */
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
