/** Temporary folders. None of them outlives this program, however it ends. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EnvironmentError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { registerForCleanup, unregisterFromCleanup } from './warden-client.ts';

const PREFIX = 'k8s-rollout-test-';

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Reserves the path of a new folder without creating it. Whatever is there at the end is removed.
 * @param what a word for its name
 * @param parent by default the system's folder for temporary files
 */
export function temporaryPath(what: string, parent = tmpdir()): TemporaryFolder {
  const path = join(parent, `${PREFIX}${what}-${randomBytes(6).toString('hex')}`);
  registerForCleanup({ folder: path });
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true });
      unregisterFromCleanup({ folder: path });
    },
  };
}

/**
 * Creates a temporary folder, and its parent if that is missing. Only this user can read it.
 * @throws EnvironmentError if it cannot be created
 */
export function temporaryFolder(what: string, parent?: string): TemporaryFolder {
  const folder = temporaryPath(what, parent);
  try {
    makeFolder(dirname(folder.path));
    mkdirSync(folder.path, { mode: 0o700 });
  } catch (cause) {
    throw new EnvironmentError(`cannot create the folder ${folder.path}: ${(cause as NodeJS.ErrnoException).code}`, {
      cause,
    });
  }
  return folder;
}
