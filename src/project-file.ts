/** Finds this project's own files, in a checkout as well as in an installed package. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EnvironmentError } from './errors.ts';

/**
 * A file or folder of this project, by its path from the project's root. It is searched for in the folders above this
 * module, which runs from src/ or, bundled, from dist/ at a different depth.
 * @throws EnvironmentError if it does not exist
 */
export function projectFile(path: string): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, path);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder))
      throw new EnvironmentError(
        `${path} is missing: install k8s-rollout-test again, or in a checkout run npm run build`,
      );
  }
}
