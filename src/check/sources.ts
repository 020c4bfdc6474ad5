/** Reads a kustomization as a source for the check. */
import { readKustomization } from '../manifests/kustomization.ts';
import type { ManifestSource } from '../manifests/yaml-documents.ts';

/** The source that findings in a rendered kustomization name, because there is no file with their lines. */
export interface RenderedSource extends ManifestSource {
  kustomization: string;
}

/** @throws EnvironmentError or InputError as `readKustomization` does */
export async function renderSource(folder: string): Promise<RenderedSource> {
  const { name, file, yaml } = await readKustomization(folder);
  return { name, kustomization: file, text: yaml };
}
