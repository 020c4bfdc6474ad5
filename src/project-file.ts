/** Finds this project's own files, from a checkout and from an installed package alike. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EnvironmentError } from './errors.ts';

/**
 * A file or folder of this project by its path from the top, found upwards from here: this module runs from src/ and,
 * bundled, from dist/, which are not equally deep.
 * @throws EnvironmentError when it is not there
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
