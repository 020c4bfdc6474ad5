/** Reads untrusted manifests with limits on time and memory. */
import { withinLimits } from './limited.ts';
import type { Manifests } from './manifests.ts';
import type { Choice } from './selection.ts';
import type { ManifestSource } from './yaml-documents.ts';

/** What the worker is started with. */
export interface ReadingTask {
  sources: readonly ManifestSource[];
  choice: Choice;
}

/** @throws InputError as `manifestsFromSources` does, and if the input exceeds a limit */
export function readManifestsWithinLimits(sources: readonly ManifestSource[], choice: Choice): Promise<Manifests> {
  const task: ReadingTask = { sources, choice };
  const names = sources.map(({ name }) => name);
  return withinLimits('dist/manifests-worker.js', task, names);
}
