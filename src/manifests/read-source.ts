/** Reads a manifest from a file, a named pipe or standard input, with bounds: a path may name anything. */
import { constants, createReadStream, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { InputError } from '../errors.ts';
import { after } from '../timers.ts';
import { MAX_BYTES, MIB } from './limits.ts';
import type { ManifestSource } from './yaml-documents.ts';

export const STDIN = 'stdin';

/** A named pipe that nobody writes to would be waited for without end. */
const PIPE_LIMIT_MS = 10_000;

/**
 * One source.
 * @throws InputError where the file is missing, unreadable, too large, a device, no text, or a pipe that does not end
 */
export async function readSource(path: string): Promise<ManifestSource> {
  const [source] = await readSources([path]);
  return source as ManifestSource; // one for each path
}

/**
 * Several sources, one after the other, that are together no larger than the limit.
 * @throws InputError as `readSource` does
 */
export async function readSources(paths: readonly string[]): Promise<ManifestSource[]> {
  const sources: ManifestSource[] = [];
  let left = MAX_BYTES;
  for (const path of paths) {
    const name = path === '-' ? STDIN : path;
    const bytes = await bytesOf(path, name, left);
    left -= bytes.length;
    sources.push({ name, text: decoded(bytes, name) });
  }
  return sources;
}

async function bytesOf(path: string, name: string, maxBytes: number): Promise<Buffer> {
  try {
    // Time is no measure for standard input, where a person may type.
    if (path === '-' || HELD_STDIN.test(path)) return await collected(process.stdin, name, maxBytes);
    return await bytesOfFile(path, name, maxBytes);
  } catch (error) {
    throw error instanceof InputError ? error : unreadable(name, error as NodeJS.ErrnoException);
  }
}

const HELD_STDIN = /^\/dev\/stdin$|^\/(?:dev|proc\/self)\/fd\/0$/;
/** What the shell that started this program holds open for it: `<(helm template .)`. */
const HELD_BY_SHELL = /^\/(?:dev|proc\/self)\/fd\/\d+$/;

async function bytesOfFile(path: string, name: string, maxBytes: number): Promise<Buffer> {
  // Without waiting: opening a named pipe waits for its writer, and a thread that waits there keeps the program from ending.
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
  if (stats.isDirectory()) return new InputError(`${name}: a folder, not a file: for a kustomization use -k`);
  if (!stats.isFile()) return new InputError(`${name}: a device, not a file with manifests`);
  return stats.size > maxBytes ? tooLarge(name) : undefined;
}

/** @param limitMs until it ends; undefined: as long as its writers hold it open */
async function bytesOfPipe(
  file: FileHandle,
  name: string,
  maxBytes: number,
  limitMs: number | undefined,
): Promise<Buffer> {
  // The socket takes the descriptor over, so that reading waits in the event loop and can be ended.
  const pipe = new Socket({ fd: file.fd, readable: true, writable: false });
  const seconds = PIPE_LIMIT_MS / 1000;
  const late = new InputError(
    `${name}: a named pipe that did not end within ${seconds} s: write to it at once, or give the manifests to standard input`,
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
    EISDIR: 'a folder, not a file: for a kustomization use -k',
    EACCES: 'no permission to read it',
    ELOOP: 'its symbolic links lead in a circle',
    ENAMETOOLONG: 'no such file: its name is too long',
    ENXIO: 'a socket, not a file with manifests',
    EAGAIN: 'it has nothing to read now',
  };
  const reason = Object.hasOwn(reasons, error.code ?? '') ? reasons[error.code ?? ''] : error.message;
  return new InputError(`${name}: ${reason}`, { cause: error });
}

function decoded(bytes: Buffer, name: string): string {
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw new InputError(`${name}:${lineAt(bytes, zero)}: no text file: it has a NUL byte`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const bad = firstDifference(bytes, Buffer.from(bytes.toString('utf8')));
    throw new InputError(`${name}:${lineAt(bytes, bad)}: not UTF-8`, { cause: error });
  }
}

function firstDifference(a: Buffer, b: Buffer): number {
  const index = a.findIndex((byte, at) => byte !== b[at]);
  return index < 0 ? a.length : index;
}

function lineAt(bytes: Buffer, end: number): number {
  return bytes.subarray(0, end).reduce((lines, byte) => (byte === 10 ? lines + 1 : lines), 1);
}
