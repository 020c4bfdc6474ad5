/** The folders of this machine that stand for volumes of the manifest: `--mount VOLUME=DIR`. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { EnvironmentError, InputError } from '../errors.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { canBePid1 } from '../processes/container-process.ts';

/** A value of --mount. */
export interface VolumeFolder {
  volume: string;
  /** A folder or a file of this machine. */
  path: string;
}

/** @throws InputError if the text is not VOLUME=DIR */
export function parseVolumeFolder(text: string): VolumeFolder {
  const equals = text.indexOf('=');
  const [volume, path] = [text.slice(0, equals).trim(), text.slice(equals + 1)];
  if (equals < 1 || volume === '' || path === '') {
    throw new InputError(`--mount "${text}": must be VOLUME=DIR, as in --mount config=./config`);
  }
  return { volume, path: resolve(path) };
}

/**
 * The folders by the names of their volumes.
 * @throws InputError if a volume is not mounted by any container, or there is no such folder
 * @throws EnvironmentError if containers cannot have mounts of their own here
 */
export function volumeFolders(
  { workload, source }: Manifests,
  folders: readonly VolumeFolder[],
): Readonly<Record<string, string>> {
  const { containers, initContainers = [] } = workload.spec.template.spec;
  const mounted = [...containers, ...initContainers].flatMap(({ volumeMounts = [] }) => volumeMounts);
  const names = [...new Set(mounted.map(({ name }) => name))];
  for (const { volume, path } of folders) {
    if (!names.includes(volume)) {
      const has = names.length === 0 ? 'none' : names.join(', ');
      throw new InputError(`--mount ${volume}: no container of ${source} mounts such a volume; they mount ${has}`);
    }
    if (!existsSync(path)) throw new InputError(`--mount ${volume}: there is no ${path} on this machine`);
  }
  if (!canBePid1()) {
    throw new EnvironmentError(
      '--mount needs a mount namespace for each container, which this user cannot create on this machine; ' +
        'let the command read the files from where they are',
    );
  }
  return Object.fromEntries(folders.map(({ volume, path }) => [volume, path]));
}
