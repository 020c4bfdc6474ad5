/** Reads a manifest from a file or standard input. */
import { createReadStream } from 'node:fs';
import { InputError } from '../errors.ts';
import type { ManifestSource } from './yaml-documents.ts';

export const STDIN = 'stdin';

/** More than any set of manifests; it keeps a wrong path (a disk image, /dev/zero) from filling the memory. */
const MAX_BYTES = 64 * 1024 * 1024;

/** @throws InputError where the file is missing, unreadable, too large, or no text */
export async function readSource(path: string): Promise<ManifestSource> {
  const name = path === '-' ? STDIN : path;
  const stream = path === '-' ? process.stdin : createReadStream(path);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BYTES) throw new InputError(`${name}: larger than ${MAX_BYTES / 1024 / 1024} MiB`);
    }
  } catch (error) {
    throw error instanceof InputError ? error : unreadable(name, error as NodeJS.ErrnoException);
  }
  return { name, text: decoded(Buffer.concat(chunks), name) };
}

function unreadable(name: string, error: NodeJS.ErrnoException): InputError {
  const reasons: Record<string, string> = {
    ENOENT: 'no such file',
    EISDIR: 'a folder, not a file: for a kustomization use -k',
    EACCES: 'no permission to read it',
  };
  return new InputError(`${name}: ${reasons[error.code ?? ''] ?? error.message}`, { cause: error });
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
