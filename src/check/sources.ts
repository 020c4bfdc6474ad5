/** A kustomization as a source of the check. */
import { readKustomization } from '../manifests/kustomization.ts';
import type { ManifestSource } from '../manifests/yaml-documents.ts';

/** What the rendered folder's findings point to: it has no file with their lines. */
export interface RenderedSource extends ManifestSource {
  kustomization: string;
}

/** @throws EnvironmentError or InputError as `readKustomization` */
export async function renderSource(folder: string): Promise<RenderedSource> {
  const { name, file, yaml } = await readKustomization(folder);
  return { name, kustomization: file, text: yaml };
}
