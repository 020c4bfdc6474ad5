/** Folders for as long as something runs; none of them outlives the program, however that ends. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EnvironmentError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { releaseFromCare, takeIntoCare } from './warden-client.ts';

const PREFIX = 'k8s-rollout-test-';

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * The path of a new folder, which may not exist yet: whatever is there at the end goes.
 * @param parent by default the system's folder for temporary files
 */
export function temporaryPath(what: string, parent = tmpdir()): TemporaryFolder {
  const path = join(parent, `${PREFIX}${what}-${randomBytes(6).toString('hex')}`);
  takeIntoCare({ folder: path });
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true });
      releaseFromCare({ folder: path });
    },
  };
}

/**
 * The same, and it exists, as does its parent. Nobody else may read it.
 * @throws EnvironmentError when it cannot be made
 */
export function temporaryFolder(what: string, parent?: string): TemporaryFolder {
  const folder = temporaryPath(what, parent);
  try {
    makeFolder(dirname(folder.path));
    mkdirSync(folder.path, { mode: 0o700 });
  } catch (cause) {
    throw new EnvironmentError(`cannot make the folder ${folder.path}: ${(cause as NodeJS.ErrnoException).code}`, {
      cause,
    });
  }
  return folder;
}
