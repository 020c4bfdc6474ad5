/** Shows what npm installs, line by line: a pipe and a log can show that as well as a terminal. */
import { printStatus } from '../output.ts';
import type { InstallProgress } from '../trials/runtime-cache.ts';

export function showInstall(progress: InstallProgress): void {
  printStatus(installLine(progress));
}

/** One line; sizes are those of the unpacked files. */
export function installLine({ what, bytes, elapsedMs, state }: InstallProgress): string {
  if (state === 'started') return `installing ${what} from npm`;
  const size = bytes === undefined ? '' : ` ${(bytes / 1e6).toFixed(0)} MB`;
  const seconds = `${(elapsedMs / 1000).toFixed(0)} s`;
  return state === 'running'
    ? `installing ${what}:${size} after ${seconds}`
    : `installed ${what}:${size} in ${seconds}`;
}
