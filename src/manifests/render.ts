/** Renders kustomizations with the kustomize of this machine: kubectl's own, or the program of that name. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, InputError } from '../errors.ts';
import { printable } from '../printable.ts';
import { MAX_BYTES } from './limits.ts';
import { overlayNames } from './overlays.ts';
import { digestFile, kustomizeFolder, renderedFolder, sourcesDigest } from './render-files.ts';
import { type Outcome, runBounded } from './renderer-process.ts';

const RENDERERS = [
  { program: 'kubectl', args: ['kustomize'] },
  { program: 'kustomize', args: ['build'] },
] as const;

/** A kustomization may refer to the network, which may not answer. */
const LIMIT_MS = 10_000;
/** Of a shell that finds no such program. */
const NOT_FOUND = 127;

/**
 * What a kustomization folder renders to, as YAML.
 * @throws EnvironmentError where neither kubectl nor kustomize is installed, InputError where kustomize refuses, does not
 * end, or does not stop printing
 */
export async function renderKustomization(folder: string): Promise<string> {
  for (const { program, args } of RENDERERS) {
    const outcome = await runBounded([program, ...args, folder], { limitMs: LIMIT_MS, maxBytes: MAX_BYTES });
    if (outcome.ended === 'exited' && outcome.code === NOT_FOUND) continue;
    return rendered(outcome, `${program} cannot render ${folder}`, [program, ...args, folder].join(' '));
  }
  throw new EnvironmentError('rendering needs kubectl (1.27 or later) or kustomize (5.0 or later) on the PATH');
}

function rendered(outcome: Outcome, failed: string, command: string): string {
  if (outcome.ended === 'late') {
    const by = `${command} > FILE`;
    throw new InputError(`${failed} within ${LIMIT_MS / 1000} s: where it needs longer, use -f with what ${by} writes`);
  }
  if (outcome.ended === 'too-much')
    throw new InputError(`${failed}: it prints more than ${MAX_BYTES / 1024 / 1024} MiB`);
  const { code, stdout, stderr } = outcome;
  if (code !== 0) throw new InputError(`${failed}: ${printable(stderr.trim()) || `it ended with ${code}`}`);
  return stdout;
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
