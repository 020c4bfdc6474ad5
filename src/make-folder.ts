/** Creates folders. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Creates a folder and its parents. Node's `recursive` option loops forever on file systems without folders, such as
 * /proc.
 */
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
