/** One container as its kubelet runs it: its process, restarts, health, and its end on the grace clock. */

import { expandReferences } from '../../kubernetes-rules/expansion.ts';
import type { Container as ContainerManifest } from '../../kubernetes-rules/objects.ts';
import { ContainerProcess, type ProcessExit } from '../../processes/container-process.ts';
import { CAN_SEE_SOCKETS, watchListener } from '../../processes/listening-sockets.ts';
import { rolesOf } from '../../processes/process-list.ts';
import { stopWithoutServer } from '../../processes/wrapper-stop.ts';
import { after, delay } from '../../timers.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { ContainerRecord } from '../../trace/cluster-record.ts';
import { noteAppEvent } from '../app-log.ts';
import { describeHook } from '../describe-hook.ts';
import { ContainerHealth } from './container-health.ts';
import { withDeadline } from './deadline.ts';
import type { PodNetwork } from './pod-network.ts';
import { runPreStop } from './pre-stop.ts';
import { type Address, probeCheck, runCommand } from './probe-check.ts';
import type { Relist } from './relist.ts';
import { wrapperOf } from './wrapper.ts';

/** The kubelet leaves a container this long after SIGTERM even when the grace period is used up (minimumGracePeriodInSeconds). */
const MINIMUM_GRACE_MS = 2000;

/** The kubelet waits this long before the second restart of a container, and doubles it from then on. */
const FIRST_BACK_OFF_MS = 10_000;

export interface ContainerSpec {
  manifest: ContainerManifest;
  /** The command that stands for the image; references to its environment, as $(PORT), are replaced. */
  command: readonly string[];
  /** Asks its process to stop: what the manifest says, else what the image says, else SIGTERM. */
  stopSignal: NodeJS.Signals;
  /** The Service sends to it. */
  serves: boolean;
  /** A process that does nothing runs in its place. */
  standIn: boolean;
}

/** What a container needs of its pod. */
export interface ContainerOptions {
  spec: ContainerSpec;
  env: Record<string, string>;
  gracePeriodMs: number;
  clock: TrialClock;
  relist: Relist;
  /** Where a port of it is reached; undefined for a name that it does not have. */
  addressOf(port: number | string): Address | undefined;
  /** Where it listens for the Service; of the container that serves alone. */
  served: Address | undefined;
  /** The port that its server listens on, in the pod's network; of the container that serves alone. */
  listensOn: number | undefined;
  network(): PodNetwork | undefined;
  isTerminating(): boolean;
  /** Ends it all. */
  signal: AbortSignal;
  /** It is ready, or no longer. */
  onReady(ready: boolean): void;
  onEvent(type: string, message: string): void;
  /** It keeps ending by itself and has never been ready. */
  onCrashLoop(message: string): void;
}

export class Container {
  readonly record: ContainerRecord;
  ready = false;
  readonly #options: ContainerOptions;
  readonly #health: ContainerHealth;
  #process: ContainerProcess | undefined;
  #running = false;
  #wasReady = false;
  #restarts = 0;
  #examined = false;

  constructor(options: ContainerOptions) {
    this.#options = options;
    const { manifest, serves, standIn, stopSignal } = options.spec;
    this.record = {
      name: manifest.name,
      serves,
      runs: [],
      ...(stopSignal === 'SIGTERM' ? {} : { stopSignal }),
      ...(standIn ? { standIn } : {}),
    };
    const probed = { addressOf: options.addressOf, exec: this.#exec };
    this.#health = new ContainerHealth({
      container: manifest,
      check: (probe) => probeCheck(probe, probed),
      relist: options.relist,
      signal: options.signal,
      onReady: (ready) => this.#noteReady(ready),
      onUnhealthy: (reason) => void this.#restartUnhealthy(reason),
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** The rhythm of its probes begins, whether it runs or not. */
  startProbes(): void {
    this.#health.startProbes();
  }

  /** @throws EnvironmentError when its process cannot be started */
  async start(): Promise<void> {
    const { spec, env, clock, signal, network, onEvent } = this.#options;
    const command = spec.command.map((word) => expandReferences(word, env));
    const onLine = (line: string) => noteAppEvent(this.record, line, clock);
    const run = { restarts: this.record.runs.length, startedMs: clock.nowMs() };
    this.record.runs.push(run);
    const started = await ContainerProcess.start(command, env, onLine, network()?.enter);
    run.startedMs = clock.nowMs();
    this.#process = started;
    if (spec.serves) network()?.serverStarted();
    this.#running = true;
    void started.exited.then((exit) => {
      if (this.#process === started) this.#onExit(started, exit);
    });
    if (signal.aborted) started.sigkill();
    onEvent('Started', 'container started');
    this.#health.containerRuns().catch(ignoreAbort);
  }

  /** The pod terminates: startup and liveness are no longer probed. */
  terminating(): void {
    this.#health.terminating();
  }

  /** The kubelet has seen that it ended. */
  setNotReady(): void {
    this.#health.setNotReady();
  }

  stopProbes(): void {
    this.#health.stopProbes();
  }

  /**
   * preStop, the stop signal, SIGKILL. One clock runs over all of it: what preStop takes, in whole seconds, is missing after
   * it, but never so much that fewer than 2 s remain. Source: killContainer in the kubelet (pkg/kubelet/kuberuntime).
   */
  async stop(): Promise<void> {
    const process = this.#process;
    if (!process || !this.#running) return;
    const { spec, clock, gracePeriodMs, isTerminating } = this.#options;
    this.#noteWrapper();
    const leftMs = gracePeriodMs - (await this.#runHook(process));
    if (isTerminating()) this.record.stopSignalMs = clock.nowMs();
    const stopWatch = this.#watchListener();
    process.signal(spec.stopSignal);
    const killTimer = after(Math.max(leftMs, MINIMUM_GRACE_MS), () => {
      if (isTerminating()) this.record.sigkillMs = clock.nowMs();
      process.sigkill();
    });
    await process.exited;
    killTimer.cancel();
    stopWatch();
  }

  /** Takes it away at once; for the end of a trial, not part of the simulation. */
  async kill(): Promise<void> {
    this.#health.stopProbes();
    this.#process?.sigkill();
    await this.#process?.exited;
  }

  /**
   * After the load: sees what its wrapper, where there is one, does with the stop signal, for `limitMs` at most. Its server
   * does not run again. Returns whether there was anything to see.
   */
  async examineWrapper(limitMs: number): Promise<boolean> {
    const { spec, signal, listensOn } = this.#options;
    const process = this.#process;
    const wrapper = this.record.runs.at(-1)?.wrapper;
    const roles = listensOn === undefined ? undefined : rolesOf(process?.firstPid, listensOn);
    if (!process || !this.#running || !wrapper || !roles) return false;
    this.#examined = true;
    wrapper.stop = await stopWithoutServer(process, roles, spec.stopSignal, limitMs, signal);
    return true;
  }

  /** Once a run, when its server listens. */
  #noteWrapper(): void {
    const run = this.record.runs.at(-1);
    const wrapper = run?.wrapper ?? wrapperOf(this.#process, this.#options.listensOn);
    if (run && wrapper) run.wrapper = wrapper;
  }

  /** Returns how much of the grace period the hook took, in ms. */
  async #runHook(process: ContainerProcess): Promise<number> {
    const { spec, clock, gracePeriodMs, addressOf, signal, isTerminating, onEvent } = this.#options;
    const handler = spec.manifest.lifecycle?.preStop;
    if (!handler) return 0;
    const startedMs = performance.now();
    const startedAtMs = clock.nowMs();
    const hooked = { addressOf, exec: this.#exec, exited: process.exited };
    const end = await withDeadline(gracePeriodMs, signal, (over) =>
      runPreStop(handler, hooked, over, this.#ended(process)),
    );
    const hook = describeHook(handler);
    if (isTerminating()) this.record.hook = { ...hook, startedMs: startedAtMs, endedMs: clock.nowMs(), ...end };
    if (end.outcome !== 'succeeded' && hook.kind !== 'sleep') {
      const why =
        end.detail ??
        (end.outcome === 'outlasted-grace' ? 'did not end within the grace period' : 'the container ended');
      onEvent('FailedPreStopHook', `${hook.kind} ${hook.what}: ${why}`);
    }
    // A timer here may end a fraction of a millisecond early, which must not cost the hook a whole second.
    return Math.floor((performance.now() - startedMs + 1) / 1000) * 1000;
  }

  /** Aborted when the process has ended, or all is taken away. */
  #ended(process: ContainerProcess): AbortSignal {
    const controller = new AbortController();
    void process.exited.then(() => controller.abort());
    return AbortSignal.any([this.#options.signal, controller.signal]);
  }

  #noteReady(ready: boolean): void {
    this.ready = ready;
    const run = this.record.runs.at(-1);
    if (ready) {
      this.#wasReady = true;
      if (run) run.readyMs ??= this.#options.clock.nowMs();
      this.#noteWrapper();
    }
    this.#options.onReady(ready);
  }

  #onExit(exited: ContainerProcess, { code, signal }: ProcessExit): void {
    this.#running = false;
    if (this.#examined) return;
    this.#health.containerEnded();
    const run = this.record.runs.at(-1);
    if (run) {
      run.endedMs = this.#options.clock.nowMs();
      if (code !== null) run.exitCode = code;
      if (signal !== null) run.exitSignal = signal;
    }
    // What it printed last arrives after its exit.
    this.record.log = exited.lastLines;
    void exited.outputEnded.then(() => {
      if (this.#process === exited) this.record.log = exited.lastLines;
    });
    if (!this.#options.isTerminating()) this.#restartAfterExit(exited, { code, signal }).catch(ignoreAbort);
  }

  /** restartPolicy is Always: at once the first time that the kubelet sees it, then with a growing back-off. */
  async #restartAfterExit(exited: ContainerProcess, { code, signal }: ProcessExit): Promise<void> {
    const { relist, signal: aborted, isTerminating, onEvent, onCrashLoop } = this.#options;
    await relist.next(aborted);
    if (isTerminating()) return;
    this.#health.setNotReady();
    const last = exited.lastWords;
    const message = `container exited (${signal ?? code})${last ? `: ${last}` : ''}`;
    onEvent('BackOff', message);
    if (this.#restarts > 0 && !this.#wasReady) onCrashLoop(message);
    const backOffMs = this.#restarts === 0 ? 0 : FIRST_BACK_OFF_MS * 2 ** (this.#restarts - 1);
    this.#restarts++;
    await delay(backOffMs, undefined, { signal: aborted });
    if (!isTerminating()) await this.start();
  }

  async #restartUnhealthy(reason: string): Promise<void> {
    if (this.#options.isTerminating() || !this.#running) return;
    this.#options.onEvent('Killing', `${reason}, container will be restarted`);
    await this.stop(); // its exit starts it again
  }

  /** Looks whether the server stops listening; a network of its own does so by itself. Returns how to stop looking. */
  #watchListener(): () => void {
    const { served, network } = this.#options;
    if (!served) return () => {};
    network()?.serverTerminating();
    if (network() || !CAN_SEE_SOCKETS) return () => {};
    return watchListener(served.port, () => this.noteStoppedListening());
  }

  /** Its port was seen closed. Where the server says so itself, its own word counts. */
  noteStoppedListening(): void {
    const run = this.record.runs.at(-1);
    if (!run || !this.#options.isTerminating() || run.listeningMs !== undefined) return;
    run.stoppedListeningMs ??= this.#options.clock.nowMs();
  }

  /** Runs a command in it, as an exec probe or hook does. */
  readonly #exec = async (command: readonly string[], signal: AbortSignal): Promise<number | undefined> => {
    const enter = this.#process?.enter();
    return enter && runCommand([...enter, ...command], this.#options.env, signal);
  };
}

function ignoreAbort(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error;
}
