/** Paths of the kustomize sources and of the rendered overlays, and whether the rendered overlays are up to date. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { InputError } from '../errors.ts';
import { projectFile } from '../project-file.ts';

/** The path of the folder `kustomize/`. */
export function kustomizeFolder(): string {
  return projectFile('kustomize');
}

export function renderedFolder(kustomize: string): string {
  return join(kustomize, 'rendered');
}

export function digestFile(kustomize: string): string {
  return join(renderedFolder(kustomize), 'sources.sha256');
}

/** SHA-256, in hex, of the path and the content of every file below `kustomize/` except the rendered ones. */
export function sourcesDigest(kustomize = kustomizeFolder()): string {
  const hash = createHash('sha256');
  for (const path of sourceFiles(kustomize)) {
    const content = readFileSync(join(kustomize, path));
    // The length separates path from content; without it, text moved from one to the other could leave the digest
    // unchanged.
    hash.update(`${path.split(sep).join('/')}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** Whether nothing below `kustomize/` has changed since the overlays were rendered. */
export function isRenderedNow(kustomize = kustomizeFolder()): boolean {
  const digest = digestFile(kustomize);
  return existsSync(digest) && readFileSync(digest, 'utf8').trim() === sourcesDigest(kustomize);
}

/**
 * A rendered overlay: the YAML that kustomize prints, readable without kubectl or kustomize.
 * @throws InputError if it is missing, or if its sources have changed since
 */
export function readRendered(overlay: string, kustomize = kustomizeFolder()): string {
  const file = join(renderedFolder(kustomize), `${overlay}.yaml`);
  if (!existsSync(file)) throw new InputError(`${relative('.', file)} is missing: run npm run render`);
  if (!isRenderedNow(kustomize)) {
    throw new InputError('kustomize/ has changed since it was rendered: run npm run render');
  }
  return readFileSync(file, 'utf8').replace(/^#.*\n/, ''); // drops the comment that names its source
}

function sourceFiles(kustomize: string): string[] {
  const rendered = renderedFolder(kustomize);
  return readdirSync(kustomize, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !`${entry.parentPath}${sep}`.startsWith(`${rendered}${sep}`))
    .map((entry) => relative(kustomize, join(entry.parentPath, entry.name)))
    .sort();
}
