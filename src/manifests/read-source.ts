/** Reads a manifest from a file, a named pipe or standard input, with limits, because a path can name anything. */
import { constants, createReadStream, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { InputError } from '../errors.ts';
import { after } from '../timers.ts';
import { MAX_BYTES, MIB } from './limits.ts';
import type { ManifestSource } from './yaml-documents.ts';

export const STDIN = 'stdin';

/** Without a limit, a named pipe that nobody writes to would block forever. */
const PIPE_LIMIT_MS = 10_000;

/**
 * Reads one source.
 * @throws InputError if it is missing, unreadable, too large, a device, not text, or a pipe that does not end
 */
export async function readSource(path: string): Promise<ManifestSource> {
  const [source] = await readSources([path]);
  return source as ManifestSource; // one for each path
}

/**
 * Reads several sources one after the other. The size limit applies to all of them together.
 * @param onBinary decides about a file that is not text: it may throw the problem, or leave the file out
 * @throws InputError as `readSource` does
 */
export async function readSources(
  paths: readonly string[],
  onBinary: (path: string, problem: InputError) => void = (_, problem) => {
    throw problem;
  },
): Promise<ManifestSource[]> {
  const sources: ManifestSource[] = [];
  let left = MAX_BYTES;
  for (const path of paths) {
    const name = path === '-' ? STDIN : path;
    const bytes = await bytesOf(path, name, left);
    left -= bytes.length;
    const text = decoded(bytes, name);
    if (text instanceof InputError) onBinary(path, text);
    else sources.push({ name, text });
  }
  return sources;
}

async function bytesOf(path: string, name: string, maxBytes: number): Promise<Buffer> {
  try {
    // Standard input has no time limit, because a person may be typing.
    if (path === '-' || HELD_STDIN.test(path)) return await collected(process.stdin, name, maxBytes);
    return await bytesOfFile(path, name, maxBytes);
  } catch (error) {
    throw error instanceof InputError ? error : unreadable(name, error as NodeJS.ErrnoException);
  }
}

const HELD_STDIN = /^\/dev\/stdin$|^\/(?:dev|proc\/self)\/fd\/0$/;
/** A file that the shell holds open for this program, as with `<(helm template .)`. */
const HELD_BY_SHELL = /^\/(?:dev|proc\/self)\/fd\/\d+$/;

async function bytesOfFile(path: string, name: string, maxBytes: number): Promise<Buffer> {
  // Non-blocking: open() of a named pipe blocks until it has a writer, and a blocked thread would keep the program from
  // exiting.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const stats = await file.stat().catch(async (error) => {
    await file.close();
    throw error;
  });
  if (stats.isFIFO()) return bytesOfPipe(file, name, maxBytes, HELD_BY_SHELL.test(path) ? undefined : PIPE_LIMIT_MS);
  const problem = problemOf(stats, name, maxBytes);
  if (problem) {
    await file.close();
    throw problem;
  }
  return collected(createReadStream(path, { fd: file }), name, maxBytes);
}

function problemOf(stats: Stats, name: string, maxBytes: number): InputError | undefined {
  if (stats.isDirectory()) return new InputError(`${name}: a folder, not a file; for a kustomization use -k`);
  if (!stats.isFile()) return new InputError(`${name}: a device, not a file with manifests`);
  return stats.size > maxBytes ? tooLarge(name) : undefined;
}

/** @param limitMs how long the pipe may take to end; undefined: no limit, wait until its writers close it */
async function bytesOfPipe(
  file: FileHandle,
  name: string,
  maxBytes: number,
  limitMs: number | undefined,
): Promise<Buffer> {
  // The socket takes over the descriptor, so that reading waits in the event loop and can be cancelled.
  const pipe = new Socket({ fd: file.fd, readable: true, writable: false });
  const seconds = PIPE_LIMIT_MS / 1000;
  const late = new InputError(
    `${name}: a named pipe that did not end within ${seconds} s: write to it immediately, or pass the manifests on standard input`,
  );
  const timer = limitMs === undefined ? undefined : after(limitMs, () => pipe.destroy(late));
  try {
    return await collected(pipe, name, maxBytes);
  } finally {
    timer?.cancel();
  }
}

async function collected(stream: Readable, name: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(name);
  }
  return Buffer.concat(chunks);
}

function tooLarge(name: string): InputError {
  return new InputError(`${name}: larger than ${MAX_BYTES / MIB} MiB (all sources together)`);
}

function unreadable(name: string, error: NodeJS.ErrnoException): InputError {
  const reasons: Record<string, string> = {
    ENOENT: 'no such file',
    EISDIR: 'a folder, not a file; for a kustomization use -k',
    EACCES: 'no permission to read it',
    ELOOP: 'its symbolic links form a loop',
    ENAMETOOLONG: 'no such file: its name is too long',
    ENXIO: 'a socket, not a file with manifests',
    EAGAIN: 'it has no data to read right now',
  };
  const reason = Object.hasOwn(reasons, error.code ?? '') ? reasons[error.code ?? ''] : error.message;
  return new InputError(`${name}: ${reason}`, { cause: error });
}

function decoded(bytes: Buffer, name: string): string | InputError {
  const zero = bytes.indexOf(0);
  if (zero >= 0) return new InputError(`${name}:${lineAt(bytes, zero)}: not a text file: it contains a NUL byte`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const bad = firstDifference(bytes, Buffer.from(bytes.toString('utf8')));
    return new InputError(`${name}:${lineAt(bytes, bad)}: not UTF-8`, { cause: error });
  }
}

function firstDifference(a: Buffer, b: Buffer): number {
  const index = a.findIndex((byte, at) => byte !== b[at]);
  return index < 0 ? a.length : index;
}

function lineAt(bytes: Buffer, end: number): number {
  return bytes.subarray(0, end).reduce((lines, byte) => (byte === 10 ? lines + 1 : lines), 1);
}
