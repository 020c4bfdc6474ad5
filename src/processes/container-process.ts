/** A container as far as a rollout can tell: one process, PID 1 of its own PID namespace where the system allows it. */
import { childrenOf } from './children.ts';
import { plainLine } from './line-splitter.ts';
import { asPid1, canMakePidNamespaces, enterNamespacesOf } from './namespaces.ts';
import { readLines } from './output-lines.ts';
import { type StartedProcess, signalIfAlive, startProcess } from './process-group.ts';

/** Whether processes can be PID 1 here: Linux, as root or with unprivileged user namespaces. Tried once. */
export function canBePid1(): boolean {
  return canMakePidNamespaces();
}

/** How many of a container's last output lines are kept, and how many characters of each. */
const KEPT_LINES = 40;
const KEPT_CHARACTERS = 1024;

/** What unshare says in its own name when SIGKILL has ended its child, which it cannot die of itself. */
const OF_UNSHARE = /^unshare: sigprocmask unblock failed/;

/** "    at emitErrorNT (node:net:1944:8)" says nothing without the error before it. */
const STACK_FRAME = /^\s+at /;

/** How a process ended. */
export type ProcessExit = Awaited<StartedProcess['exited']>;

export class ContainerProcess {
  readonly exited: Promise<ProcessExit>;
  /** Resolves when its output has been read to the end, which comes after its exit. */
  readonly outputEnded: Promise<unknown>;
  /** Whether it is PID 1 of its own PID namespace. */
  readonly pid1: boolean;
  /** The last of them, as they came. */
  readonly #lines: string[] = [];
  readonly #process: StartedProcess;
  #killed = false;

  private constructor(started: StartedProcess, pid1: boolean, onLine: (line: string) => void) {
    this.#process = started;
    this.pid1 = pid1;
    // unshare cannot die of its child's SIGKILL as it does of other signals, and exits with 1 instead.
    this.exited = started.exited.then((exit) => (this.#killed ? { code: null, signal: 'SIGKILL' } : exit));
    const keep = (line: string) => {
      if (OF_UNSHARE.test(line)) return;
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
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
    const started = await startProcess([...enter, ...(pid1 ? asPid1(enter.length > 0) : []), ...command], { env });
    return new ContainerProcess(started, pid1, onLine);
  }

  /** The last lines of its output so far, each as a terminal would show it and not longer than anyone reads. */
  get lastLines(): string[] {
    return this.#lines.map((line) => plainLine(line, KEPT_CHARACTERS));
  }

  /** The line of them that says most: a stack trace may come after the error, a version after that. */
  get lastWords(): string | undefined {
    const lines = this.lastLines.filter((line) => !STACK_FRAME.test(line));
    return lines.findLast((line) => /error|exception|panic|in use/i.test(line)) ?? lines.at(-1);
  }

  /** The one child of unshare; undefined before it is forked and after it is gone. */
  get #pid1(): number | undefined {
    return childrenOf(this.#process.pid)[0];
  }

  /** The number that this machine has for its first process; undefined before that runs and after it is gone. */
  get firstPid(): number | undefined {
    return this.pid1 ? this.#pid1 : this.#process.pid;
  }

  /**
   * What goes in front of a command to run it in the container: in its namespaces and its working directory, where PID 1 is
   * the container's. Undefined when the container is gone.
   */
  enter(): string[] | undefined {
    const pid = this.firstPid;
    if (pid === undefined) return undefined;
    return this.pid1 ? enterNamespacesOf(pid) : [];
  }

  /** To the container's first process alone, as the container runtime does; the kernel drops it there if PID 1 has no handler. */
  signal(name: NodeJS.Signals): void {
    const pid = this.firstPid;
    if (pid !== undefined) signalIfAlive(pid, name);
  }

  /** Ends every process of the container. */
  sigkill(): void {
    this.#killed = true;
    const pid = this.pid1 ? this.#pid1 : undefined;
    // The PID namespace dies with its PID 1, and unshare then reports the signal as its own; the group is the fallback.
    if (pid !== undefined) signalIfAlive(pid, 'SIGKILL');
    else this.#process.killGroup();
  }
}
