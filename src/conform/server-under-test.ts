/** The server under test: one process, run as in a container, from its start to its end. */
import { EnvironmentError } from '../errors.ts';
import { expandReferences } from '../kubernetes-rules/expansion.ts';
import { ContainerProcess } from '../processes/container-process.ts';
import { CAN_SEE_SOCKETS, PortWatch } from '../processes/listening-sockets.ts';
import { hasOneUser } from '../processes/namespaces.ts';
import { refusedUserChange, USER_CHANGE_ADVICE } from '../processes/privilege-drop.ts';
import { signalIfAlive } from '../processes/process-group.ts';
import { listeningPorts, processesOf, rolesOf } from '../processes/process-list.ts';
import type { ProcessFacts, ProcessRoles } from '../processes/process-names.ts';
import { type TemporaryFolder, temporaryPath } from '../processes/temporary-folder.ts';
import { after, delay, type Timer } from '../timers.ts';
import { type Address, ask, ProbeConnection, REFUSED } from './http-probe.ts';
import { get } from './requests.ts';
import { orAfter } from './timing.ts';

export interface Target {
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  /** The signal that asks it to stop: SIGTERM, unless the container has another stop signal. */
  stopSignal: NodeJS.Signals;
  /** From the stop signal to SIGKILL, in ms. */
  graceMs: number;
  /** The longest time from the start to the first response, in ms. */
  startLimitMs: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It was killed by SIGKILL at the end of the grace period because it was still running. */
  killed: boolean;
  /** When it ended (performance.now()). */
  atMs: number;
}

const POLL_MS = 10;
/**
 * The pause before a server that does not respond yet is asked again. A request costs more than a look at its sockets.
 */
const ASK_AGAIN_MS = 50;
/** How long SIGSTOP may take to reach every process, on a busy machine. */
const STOP_LIMIT_MS = 1000;
const OUTPUT_LIMIT_MS = 500;
const HOSTS = ['127.0.0.1', '::1'];

export class ServerUnderTest {
  readonly exited: Promise<Exit>;
  /** Resolves to the time when its port was seen closed, at the latest when it exited. */
  readonly listenerClosed: Promise<number>;
  readonly port: number;
  readonly #target: Target;
  /** A PM2_HOME per process: pm2-runtime keeps its sockets in the user's home, which containers do not share. */
  readonly #pm2Home: TemporaryFolder;
  readonly #process: ContainerProcess;
  readonly #watch: PortWatch;
  #host: string | undefined;
  #exit: Exit | undefined;
  #killed = false;
  #signalledMs: number | undefined;
  #lateMs = 0;
  #linesBeforeSignal = 0;
  #lines = 0;
  #onListenerClosed: (atMs: number) => void = () => {};
  #graceTimer: Timer | undefined;

  private constructor(
    target: Target,
    port: number,
    pm2Home: TemporaryFolder,
    start: (onLine: () => void) => ContainerProcess,
  ) {
    this.#target = target;
    this.#pm2Home = pm2Home;
    this.port = port;
    this.#watch = new PortWatch(port);
    this.#process = start(() => this.#lines++);
    this.listenerClosed = new Promise((resolve) => {
      this.#onListenerClosed = resolve;
    });
    this.exited = this.#process.exited.then(({ code, signal }) => {
      this.#graceTimer?.cancel();
      this.#exit = { code, signal, killed: this.#killed, atMs: performance.now() };
      this.#onListenerClosed(this.#exit.atMs);
      return this.#exit;
    });
  }

  /**
   * Starts the command with PORT and HOST in its environment. Expands `$(PORT)` and `$(HOST)` in its arguments.
   * @throws EnvironmentError if it cannot be started
   */
  static async start(target: Target, port: number): Promise<ServerUnderTest> {
    const pm2Home = temporaryPath('pm2');
    const env = { ...target.env, PORT: String(port), HOST: HOSTS[0] as string, PM2_HOME: pm2Home.path };
    const command = target.command.map((word) => expandReferences(word, env));
    let noteLine = () => {};
    const container = await ContainerProcess.start(command, env, () => noteLine());
    return new ServerUnderTest(target, port, pm2Home, (onLine) => {
      noteLine = onLine;
      return container;
    });
  }

  /** @throws Error if the port has not been seen open yet */
  get address(): Address {
    if (this.#host === undefined) throw new Error('the server does not listen yet');
    return { host: this.#host, port: this.port };
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Whether it is PID 1 of its own PID namespace. */
  get pid1(): boolean {
    return this.#process.pid1;
  }

  /** The id of its first process outside of its PID namespace. */
  get firstPid(): number | undefined {
    return this.#process.firstPid;
  }

  connect(): ProbeConnection {
    return new ProbeConnection(this.address);
  }

  /**
   * Waits until something listens on its port. Returns the time since the last check that found it closed, in ms.
   * @throws EnvironmentError if it ends instead or takes too long
   */
  async listens(): Promise<number> {
    let closedMs = performance.now();
    const endMs = closedMs + this.#target.startLimitMs;
    for (;;) {
      const lookedMs = performance.now();
      this.#host = await this.#findListener();
      if (this.#host !== undefined) return performance.now() - closedMs;
      closedMs = lookedMs;
      if (this.#exit) throw await this.#startError(`${endOf(this.#exit)} before it listened on port ${this.port}`);
      if (performance.now() > endMs) {
        throw await this.#startError(this.#notListening());
      }
      await delay(POLL_MS);
    }
  }

  /** Waits until it listens and responds to GET / with any status. @throws EnvironmentError if it does not */
  async serves(): Promise<void> {
    await this.listens();
    const endMs = performance.now() + this.#target.startLimitMs;
    for (let last = 'nothing'; ; ) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw await this.#startError(`listens on port ${this.port} but does not answer GET / (${last})`);
      const reply = await orAfter(leftMs, ask(this.address, get('/')));
      if (reply?.complete) return;
      last = reply?.what ?? 'no response';
      // A socket that accepts only IPv6 looks like one that accepts both.
      if (last === REFUSED) this.#host = this.#watch.hosts().find((host) => host !== this.#host) ?? this.#host;
      if (this.#exit) throw await this.#startError(`${endOf(this.#exit)} at its first request`);
      await delay(ASK_AGAIN_MS);
    }
  }

  /** Sends the stop signal, or another one, to the first process. SIGKILL follows at the end of the grace period. */
  terminate(signal: NodeJS.Signals = this.#target.stopSignal): void {
    this.#signalledMs ??= performance.now();
    this.#linesBeforeSignal = this.#lines;
    this.#process.signal(signal);
    if (this.#graceTimer !== undefined) return;
    this.#graceTimer = after(this.#target.graceMs, () => {
      this.#killed = true;
      this.#process.sigkill();
    });
    void this.#watchListener();
  }

  /** Sends the stop signal again; the grace period continues. */
  signalAgain(): void {
    this.#process.signal(this.#target.stopSignal);
  }

  /** Resolves this long after the signal. */
  async afterSignal(ms: number): Promise<void> {
    const dueMs = (this.#signalledMs ?? Number.NaN) + ms;
    const leftMs = dueMs - performance.now();
    if (leftMs > 0) await delay(leftMs);
    this.#lateMs = Math.max(this.#lateMs, performance.now() - dueMs);
  }

  /** How late `afterSignal` was at most, in ms. */
  get latenessMs(): number {
    return this.#lateMs;
  }

  /** The time from the signal to `atMs`, in ms. */
  sinceSignal(atMs: number): number {
    return atMs - (this.#signalledMs ?? Number.NaN);
  }

  /** The roles of its processes; undefined if none is seen listening. */
  roles(): ProcessRoles | undefined {
    return this.pid1 ? rolesOf(this.firstPid, this.port) : undefined;
  }

  /**
   * Pauses its processes until `resume`. The kernel continues to accept connections and data for them. Resolves when
   * they have stopped, because a signal sent earlier could be delivered first.
   * @param except ids of processes that keep running
   */
  async pause(except: readonly number[] = []): Promise<void> {
    const pids = this.#pids().filter((pid) => !except.includes(pid));
    for (const pid of pids) signalIfAlive(pid, 'SIGSTOP');
    const runs = ({ pid, state }: ProcessFacts) => pids.includes(pid) && !/[TZX]/.test(state);
    const endMs = performance.now() + STOP_LIMIT_MS;
    while (this.pid1 && processesOf(this.firstPid).some(runs) && performance.now() < endMs) await delay(POLL_MS);
  }

  resume(): void {
    for (const pid of this.#pids()) signalIfAlive(pid, 'SIGCONT');
  }

  /** Its output from the signal to its end. */
  async outputSinceSignal(): Promise<string[]> {
    await this.exited;
    await orAfter(OUTPUT_LIMIT_MS, this.#process.outputEnded);
    const count = this.#lines - this.#linesBeforeSignal;
    return count === 0 ? [] : this.#process.lastLines.slice(-count);
  }

  /** Kills it and cleans up. */
  async stop(): Promise<void> {
    this.#graceTimer?.cancel();
    // Without a PID namespace, its children did not end with it.
    if (!this.#exit || !this.pid1) this.#process.sigkill();
    await this.exited;
    await this.#pm2Home.remove();
  }

  #pids(): number[] {
    const pids = processesOf(this.firstPid).map(({ pid }) => pid);
    return this.pid1 ? pids : this.firstPid === undefined ? [] : [-this.firstPid];
  }

  /** On Linux, finds an open port without a connection, which the server would notice. */
  async #findListener(): Promise<string | undefined> {
    if (CAN_SEE_SOCKETS) return this.#watch.host();
    for (const host of HOSTS) {
      const connection = new ProbeConnection({ host, port: this.port });
      const connected = await connection.connected;
      connection.close();
      if (connected) return host;
    }
    return undefined;
  }

  async #watchListener(): Promise<void> {
    while (!this.#exit && (await this.#findListener()) !== undefined) await delay(POLL_MS);
    this.#onListenerClosed(performance.now());
  }

  #notListening(): string {
    const within = `within ${this.#target.startLimitMs / 1000} s`;
    const [other] = listeningPorts(this.firstPid);
    if (other === undefined) return `did not listen on port ${this.port} (PORT in its environment) ${within}`;
    return `listens on port ${other}, not on ${this.port} (PORT in its environment): add --port ${other}`;
  }

  /** @throws EnvironmentError if its output shows that it was not allowed to switch users */
  assertUser(): void {
    const line = hasOneUser() ? refusedUserChange(this.#process.lastLines) : undefined;
    if (line === undefined) return;
    const output = line.trim().slice(0, 300);
    throw new EnvironmentError(`${this.#target.command.join(' ')}: ${USER_CHANGE_ADVICE}; its output: ${output}`);
  }

  async #startError(what: string): Promise<EnvironmentError> {
    if (this.#exit) await orAfter(OUTPUT_LIMIT_MS, this.#process.outputEnded);
    this.assertUser();
    const last = this.#process.lastLines.findLast((line) => line.trim() !== '');
    const output = last === undefined ? 'it printed nothing' : `its last output: ${last.trim().slice(0, 300)}`;
    return new EnvironmentError(`${this.#target.command.join(' ')}: ${what}; ${output}`);
  }
}

/** For example "ended with exit code 1". */
export function endOf({ code, signal }: Exit): string {
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}
