/** Renders kustomizations with the kustomize of this machine: kubectl's own, or the program of that name. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runAndWait } from '../bounded-program.ts';
import { EnvironmentError, InputError } from '../errors.ts';
import { overlayNames } from './overlays.ts';
import { digestFile, kustomizeFolder, renderedFolder, sourcesDigest } from './render-files.ts';

const RENDERERS = [
  { program: 'kubectl', args: ['kustomize'] },
  { program: 'kustomize', args: ['build'] },
] as const;

/** A kustomization may name bases that have to be fetched. */
const LIMITS = { limitMs: 60_000, maxOutputBytes: 64 * 1024 * 1024 };

/**
 * What a kustomization folder renders to, as YAML.
 * @throws EnvironmentError where neither kubectl nor kustomize is installed, InputError where kustomize refuses
 */
export function renderKustomization(folder: string): string {
  for (const { program, args } of RENDERERS) {
    const { stdout, stderr, notFound, failure } = runAndWait([program, ...args, folder], LIMITS);
    if (notFound) continue;
    if (failure !== undefined)
      throw new InputError(`${program} cannot render ${folder}: ${oneLine(stderr) || failure}`);
    return stdout;
  }
  throw new EnvironmentError('rendering needs kubectl (1.27 or later) or kustomize (5.0 or later) on the PATH');
}

/** What `kustomize/rendered/<overlay>.yaml` has to hold. */
export function renderOverlay(overlay: string, kustomize = kustomizeFolder()): string {
  const yaml = renderKustomization(join(kustomize, 'overlays', overlay));
  return `# kustomize/overlays/${overlay}, written by npm run render.\n${yaml}`;
}

/** Writes every overlay and the digest of its sources to `kustomize/rendered`; returns the overlays' names. */
export function renderOverlays(kustomize = kustomizeFolder()): string[] {
  // All of them before any is written: an error leaves what was there, which still fits its digest.
  const rendered = overlayNames().map((name) => ({ name, yaml: renderOverlay(name, kustomize) }));
  const folder = renderedFolder(kustomize);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const { name, yaml } of rendered) writeFileSync(join(folder, `${name}.yaml`), yaml);
  writeFileSync(digestFile(kustomize), `${sourcesDigest(kustomize)}\n`);
  return rendered.map(({ name }) => name);
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
