/** What a kustomization folder renders to. */
import { existsSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { overlayNames } from './overlays.ts';
import { renderKustomization } from './render.ts';
import { isRenderedNow, kustomizeFolder, readRendered } from './render-files.ts';

/** By the names that kustomize knows, in its order. */
const FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

export interface Kustomization {
  /** The folder's kustomization.yaml, by whichever name. */
  file: string;
  /** As kustomize prints it, line by line. */
  yaml: string;
  /** What to call that, for messages: it is no file. */
  name: string;
}

/**
 * This project's own overlays come rendered with it, so that they need no kustomize on the machine; one whose sources
 * have changed since, and any other folder, is rendered by the kustomize of this machine.
 * @throws EnvironmentError where neither kubectl nor kustomize is installed, InputError where kustomize refuses
 */
export async function readKustomization(folder: string, kustomize = kustomizeFolder()): Promise<Kustomization> {
  const file = FILES.find((name) => existsSync(join(folder, name)));
  if (!file) throw new InputError(`${folder}: no kustomization: it has no ${FILES[0]}`);
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
