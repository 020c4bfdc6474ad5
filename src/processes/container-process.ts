/**
 * What a rollout needs of a container: one process, which is PID 1 of its own PID namespace if the system allows it.
 */
import { delay } from '../timers.ts';
import { childrenOf } from './children.ts';
import { plainLine } from './line-splitter.ts';
import { isMounting, type Mounts, withMounts } from './mounts.ts';
import { asPid1, canMakePidNamespaces, enterNamespacesOf } from './namespaces.ts';
import { readLines } from './output-lines.ts';
import { type StartedProcess, signalIfAlive, startProcess } from './process-group.ts';
import { processFacts } from './process-list.ts';

/** Whether processes can be PID 1 here: on Linux, as root or with unprivileged user namespaces. Tried once. */
export function canBePid1(): boolean {
  return canMakePidNamespaces();
}

/** How often to check whether a command has started, which takes a few ms. */
const START_POLL_MS = 5;

/** How many of a container's last output lines are kept, and how many characters of each. */
const KEPT_LINES = 40;
const KEPT_CHARACTERS = 1024;

/** unshare prints this when its child was killed by SIGKILL, because it cannot kill itself with the same signal. */
const UNSHARE_KILL_MESSAGE = /^unshare: sigprocmask unblock failed/;

/** "    at emitErrorNT (node:net:1944:8)" says nothing without the error before it. */
const STACK_FRAME = /^\s+at /;

/** How a container's process is started, beside its command. */
export interface ContainerSettings {
  /** A prefix for the command that runs it in a network namespace. */
  enter?: readonly string[] | undefined;
  /** Folders that it sees at other paths. Needs a PID namespace (canBePid1), which comes with a mount namespace. */
  mounts?: Mounts | undefined;
}

/** How a process ended. */
export type ProcessExit = Awaited<StartedProcess['exited']>;

export class ContainerProcess {
  readonly exited: Promise<ProcessExit>;
  /** Resolves when its output has been read to the end, which happens after `exited`. */
  readonly outputEnded: Promise<unknown>;
  /** Whether it is PID 1 of its own PID namespace. */
  readonly pid1: boolean;
  /** Its last output lines, unchanged. */
  readonly #lines: string[] = [];
  readonly #process: StartedProcess;
  #killed = false;

  private constructor(started: StartedProcess, pid1: boolean, onLine: (line: string) => void) {
    this.#process = started;
    this.pid1 = pid1;
    // If its child is killed by SIGKILL, unshare exits with 1; for other signals it kills itself with the same signal.
    this.exited = started.exited.then((exit) => (this.#killed ? { code: null, signal: 'SIGKILL' } : exit));
    const keep = (line: string) => {
      if (UNSHARE_KILL_MESSAGE.test(line)) return;
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      onLine(line);
    };
    this.outputEnded = Promise.all([started.stdout, started.stderr].map((stream) => readLines(stream, keep)));
  }

  /**
   * @param onLine called for each line of its output
   * @throws EnvironmentError if the process cannot be started
   */
  static async start(
    command: readonly string[],
    env: Record<string, string>,
    onLine: (line: string) => void,
    { enter = [], mounts }: ContainerSettings = {},
  ): Promise<ContainerProcess> {
    const pid1 = canBePid1();
    const inside = pid1 ? [...asPid1(enter.length > 0), ...(mounts ? withMounts(mounts) : [])] : [];
    const started = await startProcess([...enter, ...inside, ...command], { env });
    return new ContainerProcess(started, pid1, onLine);
  }

  /** The last lines of its output so far, each as a terminal would show it, cut to a readable length. */
  get lastLines(): string[] {
    return this.#lines.map((line) => plainLine(line, KEPT_CHARACTERS));
  }

  /**
   * The most informative of these lines: the last one that looks like an error, because stack frames or a version may
   * follow it.
   */
  get errorLine(): string | undefined {
    const lines = this.lastLines.filter((line) => !STACK_FRAME.test(line));
    return lines.findLast((line) => /error|exception|panic|in use/i.test(line)) ?? lines.at(-1);
  }

  /** The only child of unshare; undefined before it is forked and after it has ended. */
  get #pid1(): number | undefined {
    return childrenOf(this.#process.pid)[0];
  }

  /**
   * The id of the container's first process outside of its PID namespace; undefined before it runs and after it has
   * ended.
   */
  get firstPid(): number | undefined {
    return this.pid1 ? this.#pid1 : this.#process.pid;
  }

  /** Resolves when its namespaces and mounts are there and the command runs, or when it has ended. */
  async commandRuns(): Promise<void> {
    let ended = false;
    void this.exited.then(() => {
      ended = true;
    });
    const prepares = (args: readonly string[] = []) => args[0] === 'unshare' || isMounting(args);
    const starts = () => this.firstPid === undefined || prepares(processFacts(this.firstPid)?.args);
    while (this.pid1 && !ended && starts()) await delay(START_POLL_MS);
  }

  /**
   * A prefix for a command that runs it inside the container: in its namespaces and its working directory, if it has a
   * PID namespace. Undefined if the container has ended.
   */
  enter(): string[] | undefined {
    const pid = this.firstPid;
    if (pid === undefined) return undefined;
    return this.pid1 ? enterNamespacesOf(pid) : [];
  }

  /**
   * Signals the container's first process only, as a container runtime does. The kernel drops the signal if PID 1 has
   * no handler for it.
   */
  signal(name: NodeJS.Signals): void {
    const pid = this.firstPid;
    if (pid !== undefined) signalIfAlive(pid, name);
  }

  /** Kills every process of the container. */
  sigkill(): void {
    this.#killed = true;
    const pid = this.pid1 ? this.#pid1 : undefined;
    // The kernel kills a PID namespace with its PID 1, and unshare then reports the signal as its own. Without one,
    // kill the group.
    if (pid !== undefined) signalIfAlive(pid, 'SIGKILL');
    else this.#process.killGroup();
  }
}
