/** One event stream, or any other response that does not end for as long as its server serves it. */
import type { AnswerReader } from './connection.ts';
import { type ResponseHead, ResponseParser } from './response-parser.ts';

export class EventStreamReader implements AnswerReader {
  readonly keepAlive = false;
  readonly #response = new ResponseParser();
  readonly #onOpen: () => void;
  #opened = false;

  /** @param onOpen called once, when a response with a 2xx status has begun */
  constructor(onOpen: () => void) {
    this.#onOpen = onOpen;
  }

  get head(): ResponseHead | undefined {
    return this.#response.head;
  }

  /** The last chunk has arrived, or the whole Content-Length. */
  get complete(): boolean {
    return this.#response.complete;
  }

  /** One connection carries one stream. */
  reset(): void {}

  push(chunk: Buffer, length: number): number {
    const rest = this.#response.push(chunk, length);
    const { status = 0 } = this.head ?? {};
    if (!this.#opened && status >= 200 && status < 300) {
      this.#opened = true;
      this.#onOpen();
    }
    return rest;
  }

  /**
   * A stream that has neither chunks nor a length ends with its connection. A client cannot tell such an end from a cut,
   * so it counts as one.
   */
  end(): boolean {
    return !this.#opened && this.#response.end();
  }
}
