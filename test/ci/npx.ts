/** A PATH whose npx runs the program that is built here: the one on npm is another version, or none. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectFile } from '../../src/project-file.ts';

/** A PATH whose npx runs nothing: for what is done with the arguments before the program gets them. */
export function folderWithIdleNpx(parent: string): string {
  const folder = join(parent, 'idle-npx-folder');
  mkdirSync(folder);
  writeFileSync(join(folder, 'npx'), '#!/bin/sh\nexit 2\n', { mode: 0o755 });
  return `${folder}:${dirname(process.execPath)}:${process.env.PATH}`;
}

/** The first argument of npx is written to the file `version` beside it. @returns the folder for PATH */
export function folderWithNpx(parent: string): string {
  const folder = join(parent, 'npx-folder');
  mkdirSync(folder);
  const script = `#!/bin/sh
[ "$1" = --yes ] || exit 99
printf %s "$2" >'${join(folder, 'version')}'
shift 2
exec '${process.execPath}' '${projectFile('dist/cli.js')}' "$@"
`;
  writeFileSync(join(folder, 'npx'), script, { mode: 0o755 });
  return `${folder}:${dirname(process.execPath)}:${process.env.PATH}`;
}
