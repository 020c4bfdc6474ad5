/**
 * WebSocket frames (RFC 6455, section 5), as far as a client needs them that holds a session open: it answers pings and
 * the close frame, and skips what the server sends.
 */
import { ResponseSyntaxError } from './response-parser.ts';

const CONTINUATION = 0x0;
const BINARY = 0x2;
export const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
/** The 7-bit lengths that say that the length follows in 2 or 8 bytes. */
const LENGTH_IN_2 = 126;
const LENGTH_IN_8 = 127;
const MAX_HEADER_BYTES = 10;
const MAX_CONTROL_BYTES = 125;

/** The code of a close frame without one (RFC 6455, section 7.1.5). It is never sent. */
const NO_CODE = 1005;

export interface FrameEvents {
  /** The answer has the same payload. */
  onPing(payload: Buffer): void;
  /** Bytes after the close frame are not read. */
  onClose(code: number): void;
}

/** Reads a server's frames. Payloads of data are skipped, so a frame of any length costs no memory. */
export class FrameReader {
  readonly #events: FrameEvents;
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  #headerBytes = 0;
  #payload = Buffer.alloc(0);
  #payloadBytes = 0;
  #remaining = 0;
  #inPayload = false;
  /** Between the frames of a fragmented message. */
  #inMessage = false;
  #closed = false;

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Reads the bytes from `from` up to `to`, which the caller may reuse afterwards. Returns the position after the last
   * one that was read, which is before `to` only after a close frame.
   * @throws ResponseSyntaxError for what a server may not send
   */
  push(chunk: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && !this.#closed) {
      if (this.#inPayload) at = this.#readPayload(chunk, at, to);
      else this.#readHeader(chunk[at++] as number);
    }
    return at;
  }

  get #opcode(): number {
    return (this.#header[0] as number) & OPCODE;
  }

  #readHeader(byte: number): void {
    this.#header[this.#headerBytes++] = byte;
    if (this.#headerBytes < 2) return;
    if (this.#headerBytes === 2) this.#checkHeader();
    const short = (this.#header[1] as number) & LENGTH;
    if (this.#headerBytes < 2 + (short === LENGTH_IN_2 ? 2 : short === LENGTH_IN_8 ? 8 : 0)) return;
    this.#remaining = this.#length(short);
    this.#payload = this.#opcode >= CLOSE ? Buffer.alloc(this.#remaining) : this.#payload;
    this.#payloadBytes = 0;
    this.#inPayload = true;
    if (this.#remaining === 0) this.#endFrame();
  }

  #checkHeader(): void {
    const [first, second] = this.#header as unknown as [number, number];
    const opcode = first & OPCODE;
    if ((first & RESERVED) !== 0) throw new ResponseSyntaxError('a frame uses an extension that was not agreed on');
    if ((second & MASKED) !== 0) throw new ResponseSyntaxError('a frame of the server is masked');
    if (opcode >= CLOSE) {
      if (opcode > PONG) throw new ResponseSyntaxError(`a frame has the unknown opcode ${opcode}`);
      if ((first & FIN) === 0) throw new ResponseSyntaxError('a control frame is fragmented');
      if ((second & LENGTH) > MAX_CONTROL_BYTES) throw new ResponseSyntaxError('a control frame is too long');
      return;
    }
    if (opcode > BINARY) throw new ResponseSyntaxError(`a frame has the unknown opcode ${opcode}`);
    if ((opcode === CONTINUATION) !== this.#inMessage) {
      throw new ResponseSyntaxError('a message begins within another one, or continues without a beginning');
    }
    this.#inMessage = (first & FIN) === 0;
  }

  #length(short: number): number {
    if (short === LENGTH_IN_2) return this.#header.readUInt16BE(2);
    if (short !== LENGTH_IN_8) return short;
    const length = this.#header.readBigUInt64BE(2);
    if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw new ResponseSyntaxError(`a frame of ${length} bytes`);
    return Number(length);
  }

  #readPayload(chunk: Buffer, at: number, to: number): number {
    const end = Math.min(to, at + this.#remaining);
    if (this.#opcode >= CLOSE) this.#payloadBytes += chunk.copy(this.#payload, this.#payloadBytes, at, end);
    this.#remaining -= end - at;
    if (this.#remaining === 0) this.#endFrame();
    return end;
  }

  #endFrame(): void {
    this.#inPayload = false;
    this.#headerBytes = 0;
    const opcode = this.#opcode;
    if (opcode === PING) this.#events.onPing(this.#payload);
    if (opcode === CLOSE) {
      if (this.#payload.length === 1) throw new ResponseSyntaxError('a close frame has half a code');
      this.#closed = true;
      this.#events.onClose(this.#payload.length === 0 ? NO_CODE : this.#payload.readUInt16BE(0));
    }
  }
}

/** @param mask 4 random bytes: a proxy must not be able to read the payload as a request of its own protocol */
export function pongFrame(payload: Buffer, mask: Buffer): Buffer {
  return controlFrame(PONG, payload, mask);
}

export function closeFrame(code: number, mask: Buffer): Buffer {
  const payload = Buffer.alloc(code === NO_CODE ? 0 : 2);
  if (code !== NO_CODE) payload.writeUInt16BE(code);
  return controlFrame(CLOSE, payload, mask);
}

/** A client's frames are masked (RFC 6455, section 5.3). */
function controlFrame(opcode: number, payload: Buffer, mask: Buffer): Buffer {
  const masked = payload.map((byte, index) => byte ^ (mask[index % mask.length] as number));
  return Buffer.concat([Buffer.from([FIN | opcode, MASKED | payload.length]), mask, masked]);
}
