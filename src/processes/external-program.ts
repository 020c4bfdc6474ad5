/**
 * Runs a program of this machine asynchronously, with limits on time and output. Nothing that it starts outlives this
 * program.
 */
import { once } from 'node:events';
import { after, delay } from '../timers.ts';
import { type ProgramEnd, type ProgramExit, type ProgramLimits, programEnd } from './bounded-program.ts';
import { descendantsOf } from './children.ts';
import { asPid1, canMakePidNamespaces } from './namespaces.ts';
import { ownEnvironment } from './own-environment.ts';
import { signalIfAlive, startProcess } from './process-group.ts';

export interface ProgramOptions extends ProgramLimits {
  cwd?: string;
  /** Added to this program's own environment variables; overrides them. */
  env?: Readonly<Record<string, string>>;
  /** Aborting it kills the program. */
  signal?: AbortSignal | undefined;
  /** Runs it in a PID namespace of its own, if the system allows it, so that not even a daemon escapes. */
  contained?: boolean;
}

/**
 * How long to wait for output that arrives after the exit, because a process left behind may hold the pipe open
 * forever.
 */
const OUTPUT_LIMIT_MS = 500;

/**
 * Runs a command with this program's environment. Processes that it leaves in its process group are killed. If it
 * exceeds a limit or is aborted, it is killed with all its descendants.
 * @throws EnvironmentError if the process cannot be started; the signal's reason if aborted
 */
export async function runProgram(command: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  const { cwd, signal, limitMs, maxOutputBytes } = options;
  signal?.throwIfAborted();
  const container = options.contained && canMakePidNamespaces() ? asPid1(false) : [];
  const started = await startProcess([...container, ...command], {
    env: { ...ownEnvironment(), ...options.env },
    fullPriority: true,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const kill = () => {
    // Descendants may have left the process group.
    for (const descendant of descendantsOf(started.pid)) signalIfAlive(descendant, 'SIGKILL');
    started.killGroup();
  };
  let exceeded: ProgramExit['exceeded'];
  const endFor = (limit: 'time' | 'output') => {
    exceeded ??= limit;
    kill();
  };
  const streams = [started.stdout, started.stderr];
  const output: [Buffer[], Buffer[]] = [[], []];
  const closed = Promise.all(streams.map((stream) => once(stream, 'close')));
  for (const [nth, stream] of streams.entries()) {
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxOutputBytes) endFor('output');
      else output[nth]?.push(chunk);
    });
  }
  signal?.addEventListener('abort', kill);
  if (signal?.aborted) kill();
  const timer = after(limitMs, () => endFor('time'));
  const { code, signal: endedBy } = await started.exited;
  timer.cancel();
  signal?.removeEventListener('abort', kill);
  started.killGroup();
  await Promise.race([closed, delay(OUTPUT_LIMIT_MS)]);
  for (const stream of streams) stream.destroy();
  signal?.throwIfAborted();
  const [stdout, stderr] = output.map((chunks) => Buffer.concat(chunks)) as [Buffer, Buffer];
  return programEnd({ code, signal: endedBy, exceeded }, [stdout, stderr], options);
}
