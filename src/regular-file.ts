/** Reads and writes files that someone else may have put there: refuses devices, pipes and links, and limits sizes. */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { InputError } from './errors.ts';
import { printable } from './printable.ts';

export interface RegularFileOptions {
  /** A larger file is refused. */
  maxBytes: number;
  /** The user named this file, so it may be a link. */
  mayBeLink?: boolean;
}

/** Absent on Windows. */
const { O_NONBLOCK = 0, O_NOFOLLOW = 0, O_RDONLY } = constants;
const CHUNK_BYTES = 1 << 20;
const MIB = 1 << 20;

/** Why an existing file cannot be opened, if the system's message would not help. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ELOOP', 'is a symbolic link, which is not followed'],
  ['EMLINK', 'is a symbolic link, which is not followed'],
  ['ENXIO', 'is not a regular file'],
  ['ENODEV', 'is not a regular file'],
]);

/**
 * The text of a regular UTF-8 file, with or without a byte order mark; undefined if there is no such file. The file is
 * opened without blocking, and the open descriptor is checked, so that the file cannot be replaced between the check
 * and the read.
 * @throws InputError for a link, a device, a pipe, a folder, or a file that is too large or not UTF-8
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

/** The first bytes of a regular file; undefined if there is no such file. @throws InputError as readRegularFile does */
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
 * Writes a file atomically: to a temporary file next to it, which is then renamed. A link in its place is replaced, not
 * followed, and a full disk leaves no incomplete file.
 * @throws the errors of the file system
 */
export function writeAtomically(file: string, text: string): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, text, { flag: 'wx' });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Whether this is the name of a temporary file that a killed program left. */
export function isTemporaryName(fileName: string): boolean {
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

/** A file may be longer than its reported size, as in /proc, or may grow while it is read. */
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
