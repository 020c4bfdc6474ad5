/** Where the check's input comes from: files, standard input, a folder for kustomize. */
import { createReadStream, existsSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { EnvironmentError, InputError } from '../errors.ts';
import { overlayNames } from '../manifests/overlays.ts';
import { renderKustomization } from '../manifests/render.ts';
import { kustomizeFolder, readRendered } from '../manifests/render-files.ts';
import type { ManifestSource } from './located-object.ts';

export const STDIN = 'stdin';

/** More than any set of manifests; it keeps a wrong path (a disk image, /dev/zero) from filling the memory. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What the rendered folder's findings point to: it has no file with their lines. */
export interface RenderedSource extends ManifestSource {
  kustomization: string;
}

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

/**
 * A kustomization, rendered. This project's own overlays are rendered already: they need no kustomize on the machine.
 * @throws EnvironmentError or InputError as `renderKustomization`
 */
export function renderSource(folder: string): RenderedSource {
  const files = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
  const file = files.find((name) => existsSync(join(folder, name)));
  if (!file) throw new InputError(`${folder}: no kustomization: it has no ${files[0]}`);
  return {
    name: `${relative('.', folder) || '.'} (rendered)`,
    kustomization: join(folder, file),
    text: rendered(folder),
  };
}

function rendered(folder: string): string {
  try {
    return renderKustomization(folder);
  } catch (error) {
    const overlay = basename(resolve(folder));
    const isOwn = resolve(folder) === join(kustomizeFolder(), 'overlays', overlay) && overlayNames().includes(overlay);
    // Without the comment in its first line, so that lines are the same as with kustomize.
    if (error instanceof EnvironmentError && isOwn) return readRendered(overlay).replace(/^#.*\n/, '');
    throw error;
  }
}
