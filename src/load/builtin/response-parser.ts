/**
 * An incremental HTTP/1.1 response parser: bytes from the socket in, one complete response out.
 * Framing as in RFC 9112, section 6.3: chunked, else Content-Length, else until the connection closes.
 */

export interface ResponseHead {
  status: number;
  /** Names in lower case; repeated fields are joined by commas (RFC 9110, section 5.3). */
  headers: Map<string, string>;
  /** Whether the connection may carry another request after this response. */
  keepAlive: boolean;
}

/** Thrown for bytes that are not an HTTP/1.1 response. */
export class ResponseSyntaxError extends Error {}

type State = 'head' | 'body' | 'until-close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailer' | 'complete';

/** No sane server sends a longer head or chunk-size line. */
const MAX_LINE_BYTES = 64 * 1024;

export class ResponseParser {
  head: ResponseHead | undefined;
  bodyBytes = 0;
  #state: State = 'head';
  #pending = '';
  #remaining = 0;

  get complete(): boolean {
    return this.#state === 'complete';
  }

  get keepAlive(): boolean {
    return this.head?.keepAlive === true;
  }

  /** Ready for the next response on the same connection. */
  reset(): void {
    this.head = undefined;
    this.bodyBytes = 0;
    this.#state = 'head';
    this.#pending = '';
    this.#remaining = 0;
  }

  /**
   * Parses the first `length` bytes of `chunk`, which the caller may reuse afterwards. Returns how many of them do not
   * belong to this response; that is more than 0 only once it is complete.
   * @throws ResponseSyntaxError
   */
  push(chunk: Buffer, length = chunk.length): number {
    let at = 0;
    while (at < length && this.#state !== 'complete') at = this.#step(chunk, at, length);
    return length - at;
  }

  /** The server closed the connection with a FIN. Returns whether that completes the response. */
  end(): boolean {
    if (this.#state === 'until-close') this.#state = 'complete';
    return this.complete;
  }

  #step(chunk: Buffer, at: number, length: number): number {
    switch (this.#state) {
      case 'body':
      case 'chunk-data': {
        const taken = Math.min(this.#remaining, length - at);
        this.#remaining -= taken;
        this.bodyBytes += taken;
        if (this.#remaining === 0) this.#state = this.#state === 'body' ? 'complete' : 'chunk-end';
        return at + taken;
      }
      case 'until-close':
        this.bodyBytes += length - at;
        return length;
      case 'head':
        return this.#takeUntil('\r\n\r\n', chunk, at, length, (text) => this.#startBody(parseHead(text)));
      case 'chunk-size':
        return this.#takeUntil('\r\n', chunk, at, length, (line) => {
          const size = /^([0-9a-f]+)[ \t]*(?:;.*)?$/i.exec(line)?.[1];
          if (size === undefined) throw new ResponseSyntaxError(`bad chunk size: ${JSON.stringify(line.slice(0, 40))}`);
          this.#remaining = Number.parseInt(size, 16);
          this.#state = this.#remaining === 0 ? 'trailer' : 'chunk-data';
        });
      case 'chunk-end':
        return this.#takeUntil('\r\n', chunk, at, length, (line) => {
          if (line !== '') throw new ResponseSyntaxError('a chunk is longer than its size');
          this.#state = 'chunk-size';
        });
      case 'trailer':
        return this.#takeUntil('\r\n', chunk, at, length, (line) => {
          if (line === '') this.#state = 'complete';
        });
      case 'complete':
        return at;
    }
  }

  /** Collects text up to a delimiter, which may be split between two chunks. Returns the position after it. */
  #takeUntil(delimiter: string, chunk: Buffer, at: number, length: number, use: (text: string) => void): number {
    const before = this.#pending.length;
    const text = this.#pending + chunk.toString('latin1', at, length);
    const found = text.indexOf(delimiter, Math.max(0, before - delimiter.length + 1));
    if (found < 0) {
      if (text.length > MAX_LINE_BYTES) throw new ResponseSyntaxError('a response head or chunk line is too long');
      this.#pending = text;
      return length;
    }
    this.#pending = '';
    use(text.slice(0, found));
    return at + found + delimiter.length - before;
  }

  #startBody(head: ResponseHead): void {
    // An interim response (100 Continue) has no body; the final response follows.
    if (head.status < 200 && head.status !== 101) return;
    this.head = head;
    const length = head.headers.get('content-length');
    const coding = head.headers.get('transfer-encoding');
    if (head.status === 204 || head.status === 304 || head.status === 101) this.#state = 'complete';
    else if (coding !== undefined && /(^|,)[ \t]*chunked[ \t]*$/i.test(coding)) this.#state = 'chunk-size';
    else if (coding !== undefined || length === undefined) {
      this.#state = 'until-close';
      head.keepAlive = false;
    } else if (!/^\d+$/.test(length)) throw new ResponseSyntaxError(`bad Content-Length: ${JSON.stringify(length)}`);
    else {
      this.#remaining = Number(length);
      this.#state = this.#remaining === 0 ? 'complete' : 'body';
    }
  }
}

function parseHead(text: string): ResponseHead {
  let lineEnd = endOfLine(text, 0);
  const statusLine = text.slice(0, lineEnd);
  const match = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(statusLine);
  if (!match) throw new ResponseSyntaxError(`no HTTP/1.1 status line: ${JSON.stringify(statusLine.slice(0, 80))}`);
  const headers = new Map<string, string>();
  for (let start = lineEnd + 2; start < text.length; start = lineEnd + 2) {
    lineEnd = endOfLine(text, start);
    const colon = text.indexOf(':', start);
    if (colon <= start || colon >= lineEnd) continue;
    const name = text.slice(start, colon).toLowerCase();
    const value = text.slice(colon + 1, lineEnd).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const connection = headers.get('connection')?.toLowerCase() ?? '';
  const keepAlive = match[1] === '1' ? !connection.includes('close') : connection.includes('keep-alive');
  return { status: Number(match[2]), headers, keepAlive };
}

function endOfLine(text: string, start: number): number {
  const found = text.indexOf('\r\n', start);
  return found < 0 ? text.length : found;
}
