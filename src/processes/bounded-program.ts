/**
 * Runs a program of this machine synchronously, where nothing else may happen meanwhile. Its time and output are
 * limited, its process group is killed when it ends, and neither it nor the group outlives this program.
 * external-program.ts starts the programs that run asynchronously.
 */
import { spawnSync } from 'node:child_process';

export interface ProgramLimits {
  limitMs: number;
  /** For stdout and for stderr, each. */
  maxOutputBytes: number;
}

/** How a program ended. */
export interface ProgramEnd {
  stdout: string;
  stderr: string;
  /** No such program is on the PATH, or there is no such file. */
  notFound: boolean;
  /** The problem, as a predicate of the program's name: "did not end within 10 s". Undefined for exit code 0. */
  failure: string | undefined;
  /** The limit that it exceeded and was killed for. */
  exceeded: 'time' | 'output' | undefined;
}

/** How a program exited. */
export interface ProgramExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The limit that it exceeded, if it was killed for that. */
  exceeded?: 'time' | 'output' | undefined;
}

/** Exit codes with which a shell and unshare report that they could not execute the command. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/**
 * $1 is the id of this program's process, $2 the limit in half seconds. If this program is killed, nothing else would
 * end the command, so a second shell watches this program and then kills the group.
 */
const GUARD = `
owner=$1 left=$2; shift 2
( while [ "$left" -gt 0 ] && kill -0 "$owner"; do left=$((left - 1)); sleep 0.5 || exit; done; kill -9 0 ) </dev/null >/dev/null 2>&1 &
guard=$!
"$@"
code=$?
kill "$guard"
exit "$code"`;

/** How much later than this program the second shell enforces the limit, so that it normally never has to. */
const GUARD_MARGIN_MS = 5000;

/** Runs a command and blocks this thread until it has ended. Never throws. */
export function runAndWait(command: readonly string[], { limitMs, maxOutputBytes }: ProgramLimits): ProgramEnd {
  const halfSeconds = String(Math.ceil((limitMs + GUARD_MARGIN_MS) / 500));
  const options = { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes, detached: true } as const;
  const { pid, status, signal, error, stdout, stderr } = spawnSync(
    '/bin/sh',
    ['-c', GUARD, 'sh', String(process.pid), halfSeconds, ...command],
    { ...options, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  if (pid > 0) endGroup(pid);
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const exceeded = code === 'ETIMEDOUT' ? 'time' : code === 'ENOBUFS' ? 'output' : undefined;
  if (error && !exceeded)
    return { stdout: '', stderr: '', notFound: false, failure: `could not be started: ${code}`, exceeded };
  return programEnd({ code: status, signal, exceeded }, [stdout, stderr], { limitMs, maxOutputBytes });
}

/** Describes an exit. Pure. */
export function programEnd(exit: ProgramExit, [stdout, stderr]: [Buffer, Buffer], limits: ProgramLimits): ProgramEnd {
  const output = { stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
  const { exceeded } = exit;
  return { ...output, notFound: !exceeded && exit.code === NOT_FOUND, failure: failureOf(exit, limits), exceeded };
}

function failureOf({ code, signal, exceeded }: ProgramExit, limits: ProgramLimits): string | undefined {
  if (exceeded === 'time') return `did not end within ${limits.limitMs / 1000} s`;
  if (exceeded === 'output') return `printed more than ${limits.maxOutputBytes} bytes`;
  if (signal !== null) return `was killed by ${signal}`;
  if (code === NOT_FOUND) return 'was not found';
  if (code === NOT_EXECUTABLE) return 'cannot be executed';
  return code === 0 ? undefined : `ended with exit code ${code}`;
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
