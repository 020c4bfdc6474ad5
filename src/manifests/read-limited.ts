/** Reads untrusted manifests with limits on time and memory. */
import { withinLimits } from './limited.ts';
import type { Manifests } from './manifests.ts';
import type { ManifestSource } from './yaml-documents.ts';

/** @throws InputError as `readManifests` does, and if the input exceeds a limit */
export function readManifestsWithinLimits(source: ManifestSource): Promise<Manifests> {
  return withinLimits('dist/manifests-worker.js', source, [source.name]);
}
