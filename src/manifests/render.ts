/** Renders kustomizations with the kustomize of this machine: `kubectl kustomize` or `kustomize build`. */
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

/** A kustomization can name remote bases, from a server that may not answer. */
const LIMITS = { limitMs: 15_000, maxOutputBytes: MAX_BYTES };

/**
 * The YAML that a kustomization folder renders to.
 * @throws EnvironmentError if neither kubectl nor kustomize is installed, InputError if kustomize fails, does not
 * finish or prints too much
 */
export async function renderKustomization(folder: string): Promise<string> {
  for (const { program, args } of RENDERERS) {
    const { stdout, stderr, notFound, failure, exceeded } = await runProgram([program, ...args, folder], LIMITS);
    if (notFound) continue;
    if (failure === undefined) return stdout;
    const failed = `${program} cannot render ${folder}: ${printable(stderr.trim()) || `it ${failure}`}`;
    const hint = `: if it needs longer, run ${program} ${args.join(' ')} ${folder} > FILE and pass -f FILE`;
    throw new InputError(exceeded === 'time' ? `${failed}${hint}` : failed);
  }
  throw new EnvironmentError('rendering needs kubectl (1.27 or later) or kustomize (5.0 or later) on the PATH');
}

/** The content of `kustomize/rendered/<overlay>.yaml`. */
export async function renderOverlay(overlay: string, kustomize = kustomizeFolder()): Promise<string> {
  const yaml = await renderKustomization(join(kustomize, 'overlays', overlay));
  return `# kustomize/overlays/${overlay}, written by npm run render.\n${yaml}`;
}

/** Writes every overlay and the digest of its sources to `kustomize/rendered`; returns the overlays' names. */
export async function renderOverlays(kustomize = kustomizeFolder()): Promise<string[]> {
  // Render all of them before writing any: on an error the old files stay and still match their digest.
  const overlays: { name: string; yaml: string }[] = [];
  for (const name of overlayNames()) overlays.push({ name, yaml: await renderOverlay(name, kustomize) });
  const folder = renderedFolder(kustomize);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const { name, yaml } of overlays) writeFileSync(join(folder, `${name}.yaml`), yaml);
  writeFileSync(digestFile(kustomize), `${sourcesDigest(kustomize)}\n`);
  return overlays.map(({ name }) => name);
}
