/** Runs the user's command that replaces pods: a Helm upgrade, a sync, a drain. */
import { EnvironmentError } from '../../errors.ts';
import { plainLine } from '../../processes/line-splitter.ts';
import { readLines } from '../../processes/output-lines.ts';
import { ownEnvironment } from '../../processes/own-environment.ts';
import { startProcess } from '../../processes/process-group.ts';
import { delay } from '../../timers.ts';

/** How long to wait for output after the command has ended, because a process left behind may hold the pipe open. */
const OUTPUT_LIMIT_MS = 500;
/** Output lines are cut to this length. */
const SHOWN_CHARACTERS = 1000;

/**
 * Runs the command in a shell, with this program's environment, until it ends. Passes its output to `onLine`.
 * Background processes that it leaves continue until the signal is aborted, which happens at the end of a trial.
 * @throws EnvironmentError if it fails; the signal's reason if aborted, after the command was killed
 */
export async function runTrigger(command: string, signal: AbortSignal, onLine: (line: string) => void): Promise<void> {
  signal.throwIfAborted();
  const started = await startProcess(['/bin/sh', '-c', command], { env: ownEnvironment() });
  const kill = () => started.killGroup();
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  let last = '';
  const output = [started.stdout, started.stderr].map((stream) =>
    readLines(stream, (line) => {
      if (signal.aborted) return;
      last = plainLine(line, SHOWN_CHARACTERS);
      onLine(last);
    }),
  );
  const { code, signal: killedBy } = await started.exited;
  await Promise.race([Promise.all(output), delay(OUTPUT_LIMIT_MS, undefined, { signal }).catch(() => {})]);
  if (!isAlive(-started.pid)) signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (code === 0) return;
  const how = code === null ? `was killed by ${killedBy}` : `failed with exit code ${code}`;
  throw new EnvironmentError(`--trigger: the command ${how}${last === '' ? '' : `: ${last}`}`);
}

/** @param pid of a process, or of a group where it is negative */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH: it does not exist
  }
}
