/** The check with bounds on time and memory: a manifest may come from anyone. */
import { withinLimits } from '../manifests/limited.ts';
import type { CheckInput, CheckResult } from './check.ts';

/** @throws InputError as `check` does, and where the input takes more than the bounds */
export function checkWithinLimits(input: CheckInput): Promise<CheckResult> {
  const names = [...input.manifests.map(({ name }) => name), ...(input.dockerfile ? [input.dockerfile.file] : [])];
  return withinLimits('dist/check-worker.js', input, names);
}
