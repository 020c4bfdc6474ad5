/** A kustomization as a source of the check. */
import { relative } from 'node:path';
import { readKustomization } from '../manifests/kustomization.ts';
import type { ManifestSource } from '../manifests/yaml-documents.ts';

/** What the rendered folder's findings point to: it has no file with their lines. */
export interface RenderedSource extends ManifestSource {
  kustomization: string;
}

/** @throws EnvironmentError or InputError as `readKustomization` */
export function renderSource(folder: string): RenderedSource {
  const { file, yaml } = readKustomization(folder);
  return { name: `${relative('.', folder) || '.'} (rendered)`, kustomization: file, text: yaml };
}
