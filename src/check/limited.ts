/** The check with bounds on time and memory: a manifest may come from anyone, and a Dockerfile too. */
import { withinLimits } from '../manifests/limited.ts';
import type { ManifestSource } from '../manifests/yaml-documents.ts';
import type { CheckInput, CheckResult } from './check.ts';
import type { Dockerfile } from './dockerfile.ts';

/** What the worker is given. */
export type CheckTask = { check: CheckInput } | { dockerfile: ManifestSource };

/** @throws InputError as `check` does, and where the input takes more than the bounds */
export function checkWithinLimits(input: CheckInput): Promise<CheckResult> {
  const names = [...input.manifests.map(({ name }) => name), ...(input.dockerfile ? [input.dockerfile.file] : [])];
  return inWorker({ check: input }, names);
}

/** @throws InputError as `readDockerfile` does, and where the file takes more than the bounds */
export function readDockerfileWithinLimits(dockerfile: ManifestSource): Promise<Dockerfile> {
  return inWorker({ dockerfile }, [dockerfile.name]);
}

function inWorker<T>(task: CheckTask, names: readonly string[]): Promise<T> {
  return withinLimits<T>('dist/check-worker.js', task, names);
}
