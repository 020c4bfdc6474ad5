/** A container as far as a rollout can tell: one process, PID 1 of its own PID namespace where the system allows it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readLines } from './output-lines.ts';
import { type StartedProcess, signalIfAlive, startProcess } from './process-group.ts';

/**
 * A new user namespace makes this possible without root; --mount-proc gives the process a /proc that agrees with its
 * own PID; --kill-child takes it along when unshare is killed.
 */
const AS_PID1 = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc', '--kill-child', '--'];

let pid1Possible: boolean | undefined;

/** Whether processes can be PID 1 here: Linux with unprivileged user namespaces. Tried once. */
export function canBePid1(): boolean {
  if (pid1Possible === undefined) {
    const [command, ...args] = AS_PID1;
    pid1Possible =
      process.platform === 'linux' && spawnSync(command as string, [...args, 'true'], { stdio: 'ignore' }).status === 0;
  }
  return pid1Possible;
}

/** How many of a container's last output lines are kept. */
const KEPT_LINES = 40;

/** How a process ended. */
export type ProcessExit = Awaited<StartedProcess['exited']>;

export class ContainerProcess {
  readonly exited: Promise<ProcessExit>;
  /** Resolves when its output has been read to the end, which comes after its exit. */
  readonly outputEnded: Promise<unknown>;
  /** Whether it is PID 1 of its own PID namespace. */
  readonly pid1: boolean;
  /** The last lines of its output. */
  readonly lastLines: string[] = [];
  readonly #process: StartedProcess;
  #killed = false;

  private constructor(started: StartedProcess, pid1: boolean, onLine: (line: string) => void) {
    this.#process = started;
    this.pid1 = pid1;
    // unshare cannot die of its child's SIGKILL as it does of other signals, and exits with 1 instead.
    this.exited = started.exited.then((exit) => (this.#killed ? { code: null, signal: 'SIGKILL' } : exit));
    const keep = (line: string) => {
      this.lastLines.push(line);
      if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
      onLine(line);
    };
    this.outputEnded = Promise.all([started.stdout, started.stderr].map((stream) => readLines(stream, keep)));
  }

  /**
   * @param enter goes in front of the command, to run it in a network of its own
   * @throws EnvironmentError when the process cannot be started
   */
  static async start(
    command: readonly string[],
    env: Record<string, string>,
    onLine: (line: string) => void,
    enter: readonly string[] = [],
  ): Promise<ContainerProcess> {
    const pid1 = canBePid1();
    const started = await startProcess([...enter, ...(pid1 ? AS_PID1 : []), ...command], { env });
    return new ContainerProcess(started, pid1, onLine);
  }

  /** The line of them that says most: a stack trace may come after the error, a version after that. */
  get lastWords(): string | undefined {
    return this.lastLines.findLast((line) => /error|exception|panic|in use/i.test(line)) ?? this.lastLines.at(-1);
  }

  /** The number that this machine has for its first process; undefined before that runs and after it is gone. */
  get firstPid(): number | undefined {
    return this.pid1 ? childOf(this.#process.pid) : this.#process.pid;
  }

  /**
   * What goes in front of a command to run it in the container: in its namespaces and its working directory, where PID 1 is
   * the container's. Undefined when the container is gone.
   */
  enter(): string[] | undefined {
    const pid = this.firstPid;
    if (pid === undefined) return undefined;
    if (!this.pid1) return [];
    const namespaces = ['--user', '--preserve-credentials', '--pid', '--mount', '--net', '--wd'];
    return ['nsenter', ...namespaces, '--target', String(pid), '--'];
  }

  /** To the container's first process alone, as the container runtime does; the kernel drops it there if PID 1 has no handler. */
  signal(name: NodeJS.Signals): void {
    const pid = this.firstPid;
    if (pid !== undefined) signalIfAlive(pid, name);
  }

  /** Ends every process of the container. */
  sigkill(): void {
    this.#killed = true;
    const pid = this.pid1 ? childOf(this.#process.pid) : undefined;
    // The PID namespace dies with its PID 1, and unshare then reports the signal as its own; the group is the fallback.
    if (pid !== undefined) signalIfAlive(pid, 'SIGKILL');
    else this.#process.killGroup();
  }
}

/** The one child of unshare, which is PID 1 inside; undefined before it is forked and after it is gone. */
function childOf(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
