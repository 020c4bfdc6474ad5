/** The types of packages/serve. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** @param {string} project */
export async function emitTypes(project) {
  const compiler = join(project, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', join(project, 'packages/serve')]);
}
