/** Renders kustomizations with the kustomize of this machine: kubectl's own, or the program of that name. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, InputError } from '../errors.ts';
import { printable } from '../printable.ts';
import { runProgram } from '../processes/external-program.ts';
import { MAX_BYTES } from './limits.ts';
import { overlayNames } from './overlays.ts';
import { digestFile, kustomizeFolder, renderedFolder, sourcesDigest } from './render-files.ts';

const RENDERERS = [
  { program: 'kubectl', args: ['kustomize'] },
  { program: 'kustomize', args: ['build'] },
] as const;

/** A kustomization may name bases that have to be fetched, from somewhere that may not answer. */
const LIMITS = { limitMs: 15_000, maxOutputBytes: MAX_BYTES };

/**
 * What a kustomization folder renders to, as YAML.
 * @throws EnvironmentError where neither kubectl nor kustomize is installed, InputError where kustomize refuses, does not
 * end, or does not stop printing
 */
export async function renderKustomization(folder: string): Promise<string> {
  for (const { program, args } of RENDERERS) {
    const { stdout, stderr, notFound, failure, exceeded } = await runProgram([program, ...args, folder], LIMITS);
    if (notFound) continue;
    if (failure === undefined) return stdout;
    const failed = `${program} cannot render ${folder}: ${printable(stderr.trim()) || `it ${failure}`}`;
    const hint = `: where it needs longer, use -f with what ${program} ${args.join(' ')} ${folder} > FILE writes`;
    throw new InputError(exceeded === 'time' ? `${failed}${hint}` : failed);
  }
  throw new EnvironmentError('rendering needs kubectl (1.27 or later) or kustomize (5.0 or later) on the PATH');
}

/** What `kustomize/rendered/<overlay>.yaml` has to hold. */
export async function renderOverlay(overlay: string, kustomize = kustomizeFolder()): Promise<string> {
  const yaml = await renderKustomization(join(kustomize, 'overlays', overlay));
  return `# kustomize/overlays/${overlay}, written by npm run render.\n${yaml}`;
}

/** Writes every overlay and the digest of its sources to `kustomize/rendered`; returns the overlays' names. */
export async function renderOverlays(kustomize = kustomizeFolder()): Promise<string[]> {
  // All of them before any is written: an error leaves what was there, which still fits its digest.
  const overlays: { name: string; yaml: string }[] = [];
  for (const name of overlayNames()) overlays.push({ name, yaml: await renderOverlay(name, kustomize) });
  const folder = renderedFolder(kustomize);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const { name, yaml } of overlays) writeFileSync(join(folder, `${name}.yaml`), yaml);
  writeFileSync(digestFile(kustomize), `${sourcesDigest(kustomize)}\n`);
  return overlays.map(({ name }) => name);
}
