/**
 * Runs a program of this machine to its end and waits for it, where nothing else may happen meanwhile. It has a limit on its
 * time and its output, its process group ends with it, and neither outlives this program. What runs beside everything else is
 * started by external-program.ts.
 */
import { spawnSync } from 'node:child_process';

export interface ProgramLimits {
  limitMs: number;
  /** The limit for stdout, and for stderr. */
  maxOutputBytes: number;
}

/** How a program ended that ran to its end. */
export interface ProgramEnd {
  stdout: string;
  stderr: string;
  /** There is no such program on the PATH, or no such file. */
  notFound: boolean;
  /** What went wrong, in words that follow its name: "did not end within 10 s". Undefined for exit code 0. */
  failure: string | undefined;
  /** The limit for which it was ended. */
  exceeded: 'time' | 'output' | undefined;
}

/** What is known of a program's end. */
export interface ProgramExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The limit that it has met, where it was ended for that. */
  exceeded?: 'time' | 'output' | undefined;
}

/** A shell and unshare report these of what they could not run. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/**
 * $1 is this program's process, $2 the limit in half seconds. Where this program is killed, nobody is left to end what it has
 * started: a second shell looks after it, and ends the group.
 */
const GUARD = `
owner=$1 left=$2; shift 2
( while [ "$left" -gt 0 ] && kill -0 "$owner"; do left=$((left - 1)); sleep 0.5 || exit; done; kill -9 0 ) </dev/null >/dev/null 2>&1 &
guard=$!
"$@"
code=$?
kill "$guard"
exit "$code"`;

/** How much later the second shell would end it: by then this program has. */
const GUARD_MARGIN_MS = 5000;

/** Runs a command, and blocks this thread until it has ended. Never throws. */
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
    return { stdout: '', stderr: '', notFound: false, failure: `could not be run: ${code}`, exceeded };
  return programEnd({ code: status, signal, exceeded }, [stdout, stderr], { limitMs, maxOutputBytes });
}

/** In words. Pure. */
export function programEnd(exit: ProgramExit, [stdout, stderr]: [Buffer, Buffer], limits: ProgramLimits): ProgramEnd {
  const output = { stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
  const { exceeded } = exit;
  return { ...output, notFound: !exceeded && exit.code === NOT_FOUND, failure: failureOf(exit, limits), exceeded };
}

function failureOf({ code, signal, exceeded }: ProgramExit, limits: ProgramLimits): string | undefined {
  if (exceeded === 'time') return `did not end within ${limits.limitMs / 1000} s`;
  if (exceeded === 'output') return `printed more than ${limits.maxOutputBytes} bytes`;
  if (signal !== null) return `was ended by ${signal}`;
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
