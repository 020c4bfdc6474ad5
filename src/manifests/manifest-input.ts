/** Reads the manifests that `-k` and `-f` name: a kustomization, files, folders, standard input. */
import { readdirSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { KUSTOMIZATION_FILES, readKustomization } from './kustomization.ts';
import { readSources } from './read-source.ts';
import type { ManifestSource } from './yaml-documents.ts';

/** The files of a folder that kubectl reads. */
const EXTENSIONS = ['.json', '.yaml', '.yml'];

export interface ManifestInput {
  /** The folder of a kustomization. */
  kustomize?: string | undefined;
  /** Files, folders, and `-` for standard input. */
  file?: readonly string[] | undefined;
}

/**
 * The sources in the order in which they are given, the kustomization first. A source that is named twice is read once.
 * @throws InputError as `readSources` and `readKustomization` do, and for a folder without manifests
 * @throws EnvironmentError if a kustomization cannot be rendered on this machine
 */
export async function readInput({ kustomize, file = [] }: ManifestInput): Promise<ManifestSource[]> {
  const rendered = kustomize === undefined ? [] : [await readKustomization(kustomize)];
  const files = new Map(file.flatMap(filesOf).map((path) => [path === '-' ? path : resolve(path), path]));
  return [...rendered.map(({ name, yaml }) => ({ name, text: yaml })), ...(await readSources([...files.values()]))];
}

/** Like kubectl without -R: the manifests of a folder by name, and no folders below it. */
function filesOf(path: string): string[] {
  if (path === '-' || !isFolder(path)) return [path];
  const entries = readdirSync(path, { withFileTypes: true });
  const kustomization = entries.find(({ name }) => KUSTOMIZATION_FILES.includes(name));
  if (kustomization) {
    throw new InputError(`${path}: has a ${kustomization.name}: render it with -k ${path}, or name its files with -f`);
  }
  const files = entries
    .filter((entry) => EXTENSIONS.includes(extname(entry.name)) && !isFolder(join(path, entry.name)))
    .map(({ name }) => join(path, name))
    .sort();
  if (files.length > 0) return files;
  throw new InputError(
    `${path}: has no file that ends with ${EXTENSIONS.join(', ')}; folders below it are not read: name them with -f`,
  );
}

/** Whether the path leads to a folder. A path that cannot be examined is left to the reader, which says why. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
