/**
 * The only module that writes to stdout and stderr. Failed writes do not disturb the program: a reader that has closed
 * the pipe is not an error, and any other failure is reported at the end of the program.
 */
import { closeSync, fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { logLine, printableLines, screenText, withoutLogCommands } from './printable.ts';
import { withoutSecrets } from './secrets.ts';

const NAMES = { 1: 'standard output', 2: 'standard error' } as const;

/** Error codes of a stream whose reader is gone. A terminal gives EIO, like a broken disk. */
const GONE = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'];

class Sink {
  readonly #fd: 1 | 2;
  readonly #device: boolean;
  /** For files: Node's stream loses text when the disk is full, and silently drops everything if stdout is a folder. */
  readonly #synchronous: boolean;
  /** No longer written to. */
  #ended = false;
  #pending = 0;
  readonly #waiting: (() => void)[] = [];
  failure: Error | undefined;

  constructor(fd: 1 | 2) {
    this.#fd = fd;
    const stat = fstatSync(fd);
    this.#device = stat.isCharacterDevice();
    this.#synchronous = !isatty(fd) && !stat.isFIFO() && !stat.isSocket();
    // Also catches errors of writes by libraries and workers.
    this.stream.on('error', (error) => this.#fail(error));
  }

  get stream(): NodeJS.WriteStream {
    return this.#fd === 1 ? process.stdout : process.stderr;
  }

  write(text: string): boolean {
    if (this.#ended || text === '') return true;
    if (this.#synchronous) {
      this.#writeAll(Buffer.from(text));
      return true;
    }
    this.#pending++;
    return this.stream.write(text, (error) => {
      if (error) this.#fail(error);
      if (--this.#pending === 0) this.#resolve();
    });
  }

  /** Resolves once the reader has taken everything, or is gone. */
  done(): Promise<void> {
    if (this.#pending === 0 || this.#ended) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  #writeAll(bytes: Buffer): void {
    try {
      for (let from = 0; from < bytes.length; ) from += writeSync(this.#fd, bytes, from);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#ended) return;
    this.#ended = true;
    const gone = GONE.includes(error.code ?? '') || (this.#device && error.code === 'EIO');
    if (!gone) this.failure = error;
    this.#resolve();
  }

  #resolve(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const terminals = [0, 1, 2].filter((fd) => isatty(fd));
const stdout = new Sink(1);
const stderr = new Sink(2);

/**
 * Text for people on stdout, with line breaks and colours. Anything that could control a terminal or a CI system is
 * removed.
 */
export function print(text: string): void {
  stdout.write(screenText(text));
}

/** A document in some format on stdout, unchanged: the code that made it has escaped it as the format requires. */
export function printDocument(text: string): void {
  stdout.write(text);
}

/** One line on stderr: progress, a note, a problem, a line of another program's output. */
export function printStatus(line: string): void {
  say(line, logLine);
}

/** An error as one line on stderr. */
export function printError(message: string): void {
  printStatus(`k8s-rollout-test: ${message}`);
}

/** Text of several lines on stderr: a stack trace, or the help if no command was given. */
export function printStatusText(text: string): void {
  say(text.trimEnd(), (lines) => withoutLogCommands(printableLines(lines)));
}

/**
 * All text for stderr passes here before it is shortened: an error from elsewhere may hold a credential, which could be
 * cut in two.
 */
function say(text: string, asShown: (text: string) => string): void {
  stderr.write(`${asShown(withoutSecrets(text))}\n`);
}

export type LiveTerminal = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'> & { write(text: string): boolean };

/** stderr for the live view, which draws on a terminal and escapes what it writes. */
export const liveTerminal: LiveTerminal = {
  isTTY: stderr.stream.isTTY === true,
  get columns() {
    return stderr.stream.columns;
  },
  get rows() {
    return stderr.stream.rows;
  },
  write: (text: string) => stderr.write(text),
};

/**
 * Ends the program with this exit code. On exit, Node restores the modes of its terminals, and aborts if one is gone (a
 * closed window, a lost connection). It skips closed descriptors, so those of terminals that are gone are closed first.
 */
export function exit(code: number): never {
  for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  process.exit(code);
}

/**
 * Waits until everything is written.
 * @returns an error message if something could not be written; undefined if all was written or the reader is gone
 */
export async function outputDone(): Promise<string | undefined> {
  await Promise.all([stdout.done(), stderr.done()]);
  const fd = stdout.failure ? 1 : 2;
  const failure = stdout.failure ?? stderr.failure;
  return failure && `${NAMES[fd]}: cannot be written: ${failure.message}`;
}
