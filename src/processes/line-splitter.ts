/**
 * Splits the output of a process, which may be any bytes, into lines of text. Its only state is the unfinished line.
 */
import { stripVTControlCharacters } from 'node:util';

/** The rest of a longer line is dropped. */
export const LONGEST_LINE_BYTES = 16 * 1024;

/** Appended to a line that was cut. */
export const CUT_MARK = ' [cut]';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class LineSplitter {
  readonly #onLine: (line: string) => void;
  /** The bytes of the unfinished line. */
  #parts: Buffer[] = [];
  #bytes = 0;
  /** The unfinished line was too long and has been passed on; its rest is dropped. */
  #skipping = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    for (let start = 0; start < chunk.length; ) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end >= 0 && this.#bytes === 0 && !this.#skipping && end - start <= LONGEST_LINE_BYTES) {
        this.#onLine(textOf(chunk, start, end));
      } else {
        this.#add(chunk.subarray(start, end < 0 ? chunk.length : end));
        if (end < 0) return;
        this.#endLine();
      }
      start = end + 1;
    }
  }

  /** Call at the end of the output: a last line without a newline counts too. */
  end(): void {
    if (this.#bytes > 0) this.#endLine();
  }

  #add(piece: Buffer): void {
    if (this.#skipping) return;
    const room = LONGEST_LINE_BYTES - this.#bytes;
    // A copy, because a slice would keep its whole chunk in memory.
    if (piece.length > 0) this.#parts.push(Buffer.from(piece.subarray(0, room)));
    this.#bytes += Math.min(piece.length, room);
    if (piece.length <= room) return;
    this.#emit(CUT_MARK);
    this.#skipping = true;
  }

  #endLine(): void {
    if (!this.#skipping) this.#emit('');
    this.#skipping = false;
  }

  #emit(mark: string): void {
    const line = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    this.#onLine(textOf(line, 0, line.length) + mark);
  }
}

/** Invalid UTF-8 becomes U+FFFD; a carriage return before the newline is not part of the line. */
function textOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, bytes[end - 1] === CARRIAGE_RETURN && end > start ? end - 1 : end);
}

/**
 * A line as a terminal would show it, at most `longest` characters of it: without control sequences, well-formed, and
 * only the last state of a progress bar that overwrites itself.
 */
export function plainLine(line: string, longest: number): string {
  const shown = stripVTControlCharacters(line).replace(/^.*\r(?=[^\r])/s, '');
  const text = shown.replaceAll('\t', ' ').replaceAll(/\p{Cc}/gu, '\ufffd');
  return text.length <= longest ? text : `${wellFormed(text.slice(0, longest - CUT_MARK.length))}${CUT_MARK}`;
}

/** Drops half a surrogate pair at the end. */
function wellFormed(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}
