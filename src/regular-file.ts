/** Reads and writes files that somebody else may have put there: no device, pipe or link is followed, and no size is unbounded. */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { InputError } from './errors.ts';
import { printable } from './printable.ts';

export interface RegularFileOptions {
  /** A larger file is refused. */
  maxBytes: number;
  /** The user named the file itself, which may be a link then. */
  mayBeLink?: boolean;
}

/** Absent on Windows. */
const { O_NONBLOCK = 0, O_NOFOLLOW = 0, O_RDONLY } = constants;
const CHUNK_BYTES = 1 << 20;
const MIB = 1 << 20;

/** Why a file that is there cannot be opened, where the system's own words would not help. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ELOOP', 'is a symbolic link, which is not followed'],
  ['EMLINK', 'is a symbolic link, which is not followed'],
  ['ENXIO', 'is not a regular file'],
  ['ENODEV', 'is not a regular file'],
]);

/**
 * The text of a regular file in UTF-8, with or without a byte order mark; undefined where there is no such file. The file is
 * opened without waiting and looked at before it is read, so that nothing can be put in its place in between.
 * @throws InputError, in one line, for a link, a device, a pipe, a folder, a file that is too large or no UTF-8
 */
export function readRegularFile(file: string, options: RegularFileOptions): string | undefined {
  const descriptor = opened(file, options);
  if (descriptor === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(contentOf(descriptor, file, options.maxBytes));
  } catch (error) {
    if (error instanceof TypeError) throw new InputError(`${name(file)}: is not UTF-8`, { cause: error });
    throw unreadable(file, error);
  } finally {
    closeSync(descriptor);
  }
}

/** The first bytes of a regular file; undefined where there is no such file. @throws InputError as readRegularFile does */
export function readBeginning(file: string, bytes: number): string | undefined {
  const descriptor = opened(file, { maxBytes: Number.POSITIVE_INFINITY });
  if (descriptor === undefined) return undefined;
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer));
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes a file as a whole: beside its place, and then in it. A link that is there is replaced, not followed, and a full disk
 * leaves nothing that looks complete.
 * @throws what the file system does
 */
export function writeWhole(file: string, text: string): void {
  const beside = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(beside, text, { flag: 'wx' });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** Whether a file of this name is what a killed program was writing. */
export function isLeftBeside(fileName: string): boolean {
  return /\.[0-9a-f]{12}\.tmp$/.test(fileName);
}

function opened(file: string, { maxBytes, mayBeLink = false }: RegularFileOptions): number | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, O_RDONLY | O_NONBLOCK | (mayBeLink ? 0 : O_NOFOLLOW));
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new InputError(`${name(file)}: is not a regular file`);
    if (stat.size > maxBytes) throw tooLarge(file, maxBytes);
    return descriptor;
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(file, error);
  }
}

/** A file may be longer than it says, as those of /proc are, or grow. */
function contentOf(descriptor: number, file: string, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const read = readSync(descriptor, chunk);
    if (read === 0) return Buffer.concat(chunks, total);
    total += read;
    if (total > maxBytes) throw tooLarge(file, maxBytes);
    chunks.push(chunk.subarray(0, read));
  }
}

function tooLarge(file: string, maxBytes: number): InputError {
  return new InputError(`${name(file)}: is larger than ${Math.round((maxBytes / MIB) * 10) / 10} MiB`);
}

function unreadable(file: string, error: unknown): InputError {
  if (error instanceof InputError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new InputError(`${name(file)}: ${REASONS.get(code) ?? `cannot be read: ${printable(message)}`}`, {
    cause: error,
  });
}

function name(file: string): string {
  return printable(file);
}
