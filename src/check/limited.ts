/** The check with limits on time and memory, because manifests and Dockerfiles may be untrusted. */
import { withinLimits } from '../manifests/limited.ts';
import type { ManifestSource } from '../manifests/yaml-documents.ts';
import type { CheckInput } from './check.ts';
import type { Dockerfile } from './dockerfile.ts';
import type { CheckResult } from './finding.ts';

/** The worker's input. */
export type CheckTask = { check: CheckInput } | { dockerfile: ManifestSource };

/** @throws InputError as `check` does, and if the input exceeds a limit */
export function checkWithinLimits(input: CheckInput): Promise<CheckResult> {
  const names = [...input.manifests.map(({ name }) => name), ...(input.dockerfile ? [input.dockerfile.file] : [])];
  return inWorker({ check: input }, names);
}

/** @throws InputError as `readDockerfile` does, and if the file exceeds a limit */
export function readDockerfileWithinLimits(dockerfile: ManifestSource): Promise<Dockerfile> {
  return inWorker({ dockerfile }, [dockerfile.name]);
}

function inWorker<T>(task: CheckTask, names: readonly string[]): Promise<T> {
  return withinLimits<T>('dist/check-worker.js', task, names);
}
