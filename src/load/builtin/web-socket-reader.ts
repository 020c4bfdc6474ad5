/** The client's side of one WebSocket: the answer to the handshake, then the frames up to the close frame. */
import { createHash, randomBytes } from 'node:crypto';
import type { AnswerReader } from './connection.ts';
import { type ResponseHead, ResponseParser, ResponseSyntaxError } from './response-parser.ts';
import { closeFrame, FrameReader, pongFrame } from './web-socket-frames.ts';

/** RFC 6455, section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY_BYTES = 16;
const MASK_BYTES = 4;
const SWITCHING_PROTOCOLS = 101;

/** A new value for Sec-WebSocket-Key. */
export function newWebSocketKey(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}

/** The Sec-WebSocket-Accept with which a server proves that it understood the handshake. */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + ACCEPT_GUID)
    .digest('base64');
}

/** The close frame of a client, masked. */
export function clientCloseFrame(code: number): Buffer {
  return closeFrame(code, randomBytes(MASK_BYTES));
}

export interface WebSocketEvents {
  /** The handshake has succeeded. */
  onOpen(): void;
  /** To be sent to the server. */
  write(frame: Buffer): void;
}

export class WebSocketReader implements AnswerReader {
  readonly keepAlive = false;
  /** The code of the server's close frame; 1005 if it had none. Undefined until it has arrived. */
  closeCode: number | undefined;
  readonly #key: string;
  readonly #events: WebSocketEvents;
  readonly #handshake = new ResponseParser();
  readonly #frames: FrameReader;

  /** @param key the Sec-WebSocket-Key of the request */
  constructor(key: string, events: WebSocketEvents) {
    this.#key = key;
    this.#events = events;
    this.#frames = new FrameReader({
      onPing: (payload) => events.write(pongFrame(payload, randomBytes(MASK_BYTES))),
      onClose: (code) => {
        this.closeCode = code;
        events.write(clientCloseFrame(code));
      },
    });
  }

  get head(): ResponseHead | undefined {
    return this.#handshake.head;
  }

  /** After the close frame, or after a response that does not open a WebSocket. */
  get complete(): boolean {
    return this.#isOpen ? this.#frames.closed : this.#handshake.complete;
  }

  get #isOpen(): boolean {
    return this.#handshake.complete && this.head?.status === SWITCHING_PROTOCOLS;
  }

  /** One connection carries one WebSocket. */
  reset(): void {}

  push(chunk: Buffer, length: number): number {
    if (this.#isOpen) return length - this.#frames.push(chunk, 0, length);
    const rest = this.#handshake.push(chunk, length);
    if (!this.#isOpen) return rest;
    this.#assertAccepted();
    this.#events.onOpen();
    return length - this.#frames.push(chunk, length - rest, length);
  }

  /** Without a close frame, the end of the connection is not the end of the session (1006). */
  end(): boolean {
    return !this.#isOpen && this.#handshake.end();
  }

  #assertAccepted(): void {
    const { headers } = this.head as ResponseHead;
    if (headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      throw new ResponseSyntaxError('the response 101 does not upgrade to a WebSocket');
    }
    if (headers.get('sec-websocket-accept') !== acceptOf(this.#key)) {
      throw new ResponseSyntaxError('Sec-WebSocket-Accept does not match Sec-WebSocket-Key');
    }
  }
}
