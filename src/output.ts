/**
 * The only way to stdout and stderr. Whoever reads, and whether anyone does, changes nothing but the printing: a reader that
 * goes away is no error, and a write that fails for another reason is remembered until the end of the program.
 */
import { closeSync, fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { logLine, printableLines, screenText, withoutLogCommands } from './printable.ts';
import { withoutSecrets } from './secrets.ts';

const NAMES = { 1: 'standard output', 2: 'standard error' } as const;

/** What a stream says whose reader has gone. A terminal says EIO, as a broken disk does. */
const GONE = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'];

class Sink {
  readonly #fd: 1 | 2;
  readonly #device: boolean;
  /** Node's stream loses what does not fit a full disk, and takes a folder for a stream that swallows everything. */
  readonly #synchronous: boolean;
  /** Nothing is written any more. */
  #ended = false;
  #pending = 0;
  readonly #waiting: (() => void)[] = [];
  failure: Error | undefined;

  constructor(fd: 1 | 2) {
    this.#fd = fd;
    const stat = fstatSync(fd);
    this.#device = stat.isCharacterDevice();
    this.#synchronous = !isatty(fd) && !stat.isFIFO() && !stat.isSocket();
    // Errors come here too when a library or a worker writes.
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

  /** Resolves once a slow reader has taken everything, or there is none any more. */
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

/** Text for people, with its line ends and colours, on stdout. What could command a terminal or a CI system is taken away. */
export function print(text: string): void {
  stdout.write(screenText(text));
}

/** A document of some format, on stdout as it is: whoever made it has escaped what the format needs. */
export function printDocument(text: string): void {
  stdout.write(text);
}

/** One line on stderr: progress, a note, a complaint, a line of another program's output. */
export function printStatus(line: string): void {
  say(line, logLine);
}

/** The line of an error on stderr. */
export function printError(message: string): void {
  printStatus(`k8s-rollout-test: ${message}`);
}

/** Text of several lines on stderr: a stack trace, the help in the place of a command. */
export function printStatusText(text: string): void {
  say(text.trimEnd(), (lines) => withoutLogCommands(printableLines(lines)));
}

/** All words on stderr pass here, still whole: an error of others may hold a credential, which could be cut in two later. */
function say(text: string, asShown: (text: string) => string): void {
  stderr.write(`${asShown(withoutSecrets(text))}\n`);
}

export type LiveTerminal = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'> & { write(text: string): boolean };

/** stderr for what draws on a terminal and knows what it writes. */
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
 * Ends the program with this exit code. Node sets the modes of its terminals as they were, and aborts where one is gone
 * (a closed window, a connection that was lost); it leaves alone what is closed.
 */
export function exit(code: number): never {
  for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  process.exit(code);
}

/**
 * Waits until everything is written.
 * @returns what could not be written, in words; undefined where all was, or where nobody reads
 */
export async function outputDone(): Promise<string | undefined> {
  await Promise.all([stdout.done(), stderr.done()]);
  const fd = stdout.failure ? 1 : 2;
  const failure = stdout.failure ?? stderr.failure;
  return failure && `${NAMES[fd]}: cannot be written: ${failure.message}`;
}
