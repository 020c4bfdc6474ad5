/** Reads the rendered YAML of a kustomization folder. */
import { existsSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { overlayNames } from './overlays.ts';
import { renderKustomization } from './render.ts';
import { isRenderedNow, kustomizeFolder, readRendered } from './render-files.ts';

/** The file names that kustomize accepts, in its order. */
export const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

export interface Kustomization {
  /** The path of the folder's kustomization file. */
  file: string;
  /** The output of kustomize. */
  yaml: string;
  /** A name for the rendered YAML in messages, because it is not a file. */
  name: string;
}

/**
 * The YAML that a kustomization folder renders to. This project's own overlays ship already rendered, so they need no
 * kustomize on this machine. An overlay whose sources have changed since, and any other folder, is rendered with the
 * kustomize of this machine.
 * @throws EnvironmentError if neither kubectl nor kustomize is installed, InputError if the folder has no kustomization
 * file or kustomize rejects it
 */
export async function readKustomization(folder: string, kustomize = kustomizeFolder()): Promise<Kustomization> {
  const file = KUSTOMIZATION_FILES.find((name) => existsSync(join(folder, name)));
  if (!file) throw new InputError(`${folder}: not a kustomization: it has no ${KUSTOMIZATION_FILES[0]}`);
  const overlay = basename(resolve(folder));
  const isOwn = resolve(folder) === join(kustomize, 'overlays', overlay) && overlayNames().includes(overlay);
  return {
    file: join(folder, file),
    name: `${relative('.', folder) || '.'} (rendered)`,
    yaml: isOwn && isRenderedNow(kustomize) ? readRendered(overlay, kustomize) : await renderKustomization(folder),
  };
}

/** The folder of one of this project's own overlays. */
export function overlayFolder(overlay: string): string {
  return join(kustomizeFolder(), 'overlays', overlay);
}
