/** Makes folders. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** With the folders above it. Node's own `recursive` never ends where a file system has no room for folders, as /proc. */
export function makeFolder(path: string): void {
  const there = () => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (there()) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (!there()) throw error;
  }
}
