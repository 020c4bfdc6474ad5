/** A command of the user's that replaces pods: a Helm upgrade, a sync, a drain. */
import { EnvironmentError } from '../../errors.ts';
import { plainLine } from '../../processes/line-splitter.ts';
import { readLines } from '../../processes/output-lines.ts';
import { startProcess } from '../../processes/process-group.ts';

/** Of each line of its output. */
const SHOWN_CHARACTERS = 1000;

/**
 * Runs it in a shell, with this program's environment, until it ends; its output goes to `onLine`.
 * @throws EnvironmentError when it fails; the signal's reason when aborted, and then it is gone
 */
export async function runTrigger(command: string, signal: AbortSignal, onLine: (line: string) => void): Promise<void> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  signal.throwIfAborted();
  const started = await startProcess(['/bin/sh', '-c', command], { env });
  const kill = () => started.killGroup();
  signal.addEventListener('abort', kill);
  if (signal.aborted) kill();
  let last = '';
  for (const stream of [started.stdout, started.stderr]) {
    void readLines(stream, (line) => {
      last = plainLine(line, SHOWN_CHARACTERS);
      onLine(last);
    });
  }
  const { code, signal: killedBy } = await started.exited;
  signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (code === 0) return;
  const how = code === null ? `was ended by ${killedBy}` : `failed with exit code ${code}`;
  throw new EnvironmentError(`--trigger: the command ${how}${last === '' ? '' : `: ${last}`}`);
}
