/** Runs a program of this machine to its end, bounded in time and output; nothing of it outlives this program. */
import { once } from 'node:events';
import { after, delay } from '../timers.ts';
import { type ProgramEnd, type ProgramExit, type ProgramLimits, programEnd } from './bounded-program.ts';
import { descendantsOf } from './children.ts';
import { asPid1, canMakePidNamespaces } from './namespaces.ts';
import { ownEnvironment } from './own-environment.ts';
import { signalIfAlive, startProcess } from './process-group.ts';

export interface ProgramOptions extends ProgramLimits {
  cwd?: string;
  /** Variables besides this program's own, or in their place. */
  env?: Readonly<Record<string, string>>;
  /** Aborting ends it. */
  signal?: AbortSignal | undefined;
  /** Where the system allows it, in a PID namespace of its own, from which nothing gets out, no daemon either. */
  contained?: boolean;
}

/** What it printed before its end has arrived by then; a process that it left behind may hold its output open for ever. */
const OUTPUT_LIMIT_MS = 500;

/**
 * Runs a command in this program's environment. What it leaves running in its process group ends with it. A command that
 * meets a limit or is aborted is killed with everything that it has started.
 * @throws EnvironmentError when no process can be started, the signal's reason when aborted
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
    // Some of them may have left the group.
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
