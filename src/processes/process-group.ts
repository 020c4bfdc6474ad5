/** Starts processes, each in a process group of its own, that cannot outlive this program. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { EnvironmentError } from '../errors.ts';
import { makeNicer } from './priority.ts';
import { registerForCleanup, unregisterFromCleanup } from './warden-client.ts';

/**
 * The new process waits for a line on descriptor 3 before it becomes the command, and exits if that is closed instead.
 * So the command never runs before the warden knows about it, even if this program is killed in between.
 */
const GATE = 'read -r _ <&3 || exit 125; exec 3<&-; exec "$@"';

export interface StartedProcess {
  readonly child: ChildProcess;
  /** Also the process group's id. */
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves at exit, with the exit code or the signal. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends SIGKILL to the whole group. */
  killGroup(): void;
}

export interface StartOptions {
  /** Its complete environment. */
  env: Record<string, string>;
  cwd?: string;
  /** Opens Node's IPC channel to it (descriptor 4). */
  ipc?: boolean;
  /** Gives it the priority of this program. For processes of the load; everything else makes room for the load. */
  fullPriority?: boolean;
}

/** @throws EnvironmentError if the process cannot be started */
export async function startProcess(command: readonly string[], options: StartOptions): Promise<StartedProcess> {
  const { ipc, fullPriority, ...spawnOptions } = options;
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', ...command], {
    ...spawnOptions,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    detached: true,
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new EnvironmentError(`cannot start ${command[0]}: ${(error as Error).message}`, { cause: error });
  }
  const pid = child.pid as number;
  // On a real cluster the load and the pods do not share their cores. Here they do, and the load must keep its
  // schedule.
  if (!fullPriority) makeNicer(pid);
  registerForCleanup({ group: pid });
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => {}); // EPIPE: the process was killed before it passed the gate; `exited` reports that
  gate.end('go\n');
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      endRest(pid);
      unregisterFromCleanup({ group: pid });
      resolve({ code, signal });
    });
  });
  return {
    child,
    pid,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    exited,
    killGroup: () => signalIfAlive(-pid, 'SIGKILL'),
  };
}

/** Kills what a process leaves behind in its group, as in a container. */
function endRest(group: number): void {
  try {
    signalIfAlive(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error; // the processes now belong to another user, as with sudo
  }
}

/** Sends a signal. Returns false if the process or group no longer exists. */
export function signalIfAlive(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
