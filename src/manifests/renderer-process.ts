/** Runs a program with bounds on its time and output. Neither it nor what it starts outlives them, or this program. */
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { EnvironmentError } from '../errors.ts';

/**
 * A shell in a process group of its own becomes the program. Beside it waits a reader of descriptor 3, which ends when
 * this program closes it, or has ended, however that came: then the whole group is killed.
 */
const GUARDED = '{ read -r _ <&3; kill -9 0; } >/dev/null 2>&1 & exec 3<&-; exec "$@"';
/** What is read of the errors: enough for a line. */
const MAX_ERROR_BYTES = 1000;

export type Outcome =
  | { ended: 'exited'; code: number; stdout: string; stderr: string }
  /** It was killed. */
  | { ended: 'late' }
  | { ended: 'too-much' };

/**
 * @param limitMs until it is killed
 * @param maxBytes that it may print
 * @throws EnvironmentError where no process can be started. The exit code is 127 where there is no such program.
 */
export async function runBounded(
  command: readonly string[],
  { limitMs, maxBytes }: { limitMs: number; maxBytes: number },
): Promise<Outcome> {
  const child = spawn('/bin/sh', ['-c', GUARDED, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const [, out, err, guard] = child.stdio as unknown as [null, Readable, Readable, Writable];
  guard.on('error', () => {}); // EPIPE: the group is gone already
  let killed: 'late' | 'too-much' | undefined;
  const kill = (why: 'late' | 'too-much') => {
    killed ??= why;
    guard.destroy();
  };
  const timer = setTimeout(() => kill('late'), limitMs);
  const stdout = firstBytes(out, maxBytes, () => kill('too-much'));
  const stderr = firstBytes(err, MAX_ERROR_BYTES, () => {});
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new EnvironmentError(`cannot start a shell: ${error.message}`, { cause: error })),
    );
    // What it left running holds its output open, and is killed with the guard.
    child.once('exit', () => guard.destroy());
    child.once('close', (exitCode) => resolve(exitCode ?? -1));
  }).finally(() => clearTimeout(timer));
  return killed ? { ended: killed } : { ended: 'exited', code, stdout: stdout(), stderr: stderr() };
}

/** The beginning of a stream as text, once it has ended. */
function firstBytes(stream: Readable, maxBytes: number, onMore: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < maxBytes) chunks.push(chunk.subarray(0, maxBytes - size));
    size += chunk.length;
    if (size > maxBytes) onMore();
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
