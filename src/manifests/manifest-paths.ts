/** Finds the manifests that `-f` names: files, folders and patterns, as kubectl does. */
import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { readRegularFile } from '../regular-file.ts';
import { MIB } from './limits.ts';
import { filesOfPattern, isPattern } from './path-pattern.ts';
import { yamlDocuments } from './yaml-documents.ts';

/** The files of a folder that kubectl reads. */
const EXTENSIONS = ['.json', '.yaml', '.yml'];
const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

export interface FoundManifests {
  /** In the order in which they are named; a folder's files by name. */
  files: FoundFile[];
  /** What was left out, one line each. */
  notes: string[];
}

export interface FoundFile {
  /** `-` is standard input. */
  path: string;
  /** The user named a folder or a pattern and not this file, so it may be something else than manifests. */
  searched: boolean;
}

/**
 * @param recursive whether the folders below a folder are read too. Hidden ones and node_modules are not
 * @throws InputError for a pattern without a match, and for a folder without manifests
 */
export function findManifests(paths: readonly string[], recursive: boolean): FoundManifests {
  const search: Search = { recursive, notes: [], patches: new Set() };
  const found = new Map<string, FoundFile>();
  const add = (path: string, searched: boolean) => {
    const key = path === '-' ? path : resolve(path);
    const before = found.get(key);
    found.set(key, { path: before?.path ?? path, searched: searched && (before?.searched ?? true) });
  };
  for (const path of paths) {
    for (const match of path !== '-' && !existsSync(path) && isPattern(path) ? matchesOf(path) : [path]) {
      const inFolder = match === path ? filesOfNamed : filesOf;
      const files = isFolder(match) ? inFolder(match, search) : [match];
      for (const file of files) add(file, file !== path);
    }
  }
  const files = [...found].filter(([key, { searched }]) => !(searched && search.patches.has(key)));
  return { files: files.map(([, file]) => file), notes: search.notes };
}

interface Search {
  recursive: boolean;
  notes: string[];
  /** The patches that kustomizations name, by their absolute paths. */
  patches: Set<string>;
}

function matchesOf(pattern: string): string[] {
  const matches = filesOfPattern(pattern);
  if (matches.length === 0) throw new InputError(`${pattern}: no file matches this pattern`);
  return matches;
}

/** Of a folder that the user named, which would be useless if nothing in it can be read. */
function filesOfNamed(folder: string, search: Search): string[] {
  if (isChart(folder)) throw new InputError(`${folder}: ${chartHint(folder)}`);
  const files = filesOf(folder, search);
  if (files.length > 0) return files;
  const more = search.recursive ? '' : ': -R reads the folders below it too';
  throw new InputError(`${folder}: no file in it ends with ${EXTENSIONS.join(', ')}${more}`);
}

/** Does not follow links to folders, which may form loops. */
function filesOf(folder: string, search: Search): string[] {
  if (isChart(folder)) {
    search.notes.push(`${folder}: ${chartHint(folder)}.`);
    return [];
  }
  const entries = entriesOf(folder);
  const kustomization = entries.find(({ name }) => KUSTOMIZATIONS.includes(name))?.name;
  if (kustomization !== undefined) {
    for (const patch of patchesOf(join(folder, kustomization))) search.patches.add(patch);
    search.notes.push(
      `${folder}: a kustomization was not rendered, and its patches are not checked: use -k ${folder}.`,
    );
  }
  return entries.flatMap((entry) => {
    const { name } = entry;
    const path = join(folder, name);
    if (!entry.isDirectory()) {
      const isManifest = EXTENSIONS.includes(extname(name)) && name !== kustomization;
      return isManifest && !isFolder(path) ? [path] : [];
    }
    const isLeftOut = !search.recursive || name.startsWith('.') || name === 'node_modules';
    return isLeftOut ? [] : filesOf(path, search);
  });
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw new InputError(`${folder}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Patches are parts of objects. Source: the fields of a Kustomization that name them. */
function patchesOf(file: string): string[] {
  try {
    const text = readRegularFile(file, { maxBytes: MIB, mayBeLink: true }) ?? '';
    const [document] = yamlDocuments({ name: file, text, linesBefore: 0 });
    const { patches, patchesStrategicMerge, patchesJson6902 } = (document?.value ?? {}) as Record<string, unknown>;
    const items = [patches, patchesStrategicMerge, patchesJson6902].flatMap((list) =>
      Array.isArray(list) ? list : [],
    );
    const named = items.map((item) => (typeof item === 'string' ? item : (item as { path?: unknown } | null)?.path));
    return named.filter((path) => typeof path === 'string').map((path) => resolve(dirname(file), path));
  } catch (error) {
    if (error instanceof InputError) return []; // -k says what is wrong with it
    throw error;
  }
}

function isChart(folder: string): boolean {
  return existsSync(join(folder, 'Chart.yaml'));
}

function chartHint(folder: string): string {
  return `a Helm chart must be rendered: helm template ${basename(resolve(folder))} ${folder} | k8s-rollout-test check -`;
}

function isFolder(path: string): boolean {
  try {
    return path !== '-' && statSync(path).isDirectory();
  } catch {
    return false; // the reader of the file says why it cannot be read
  }
}
