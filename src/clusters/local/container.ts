/** One container as its kubelet runs it: process, restarts, health, and termination within the grace period. */
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

/** minimumGracePeriodInSeconds: the kubelet waits at least this long before SIGKILL, even if the grace period is used up. */
const MINIMUM_GRACE_MS = 2000;

/** The kubelet's delay before the second restart of a container. Each further one is twice as long. */
const FIRST_BACK_OFF_MS = 10_000;

export interface ContainerSpec {
  manifest: ContainerManifest;
  /** The command that replaces the image. References to its environment, such as $(PORT), are expanded. */
  command: readonly string[];
  /** The stop signal: from the manifest, else from the image, else SIGTERM. */
  stopSignal: NodeJS.Signals;
  /** The Service sends traffic to it. */
  serves: boolean;
  /** A process that does nothing runs instead of it. */
  standIn: boolean;
}

/** What a container needs of its pod. */
export interface ContainerOptions {
  spec: ContainerSpec;
  env: Record<string, string>;
  gracePeriodMs: number;
  clock: TrialClock;
  relist: Relist;
  /** The address at which one of its ports is reached; undefined for an unknown port name. */
  addressOf(port: number | string): Address | undefined;
  /** The address at which the Service reaches it; only for the serving container. */
  served: Address | undefined;
  /** The port that its server listens on, in the pod's network; only for the serving container. */
  listensOn: number | undefined;
  network(): PodNetwork | undefined;
  isTerminating(): boolean;
  /** Aborting it ends everything. */
  signal: AbortSignal;
  /** Called when it becomes ready or unready. */
  onReady(ready: boolean): void;
  onEvent(type: string, message: string): void;
  /** Called if it keeps exiting and has never been ready. */
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

  /** Starts the period of its probes, whether the container runs or not. */
  startProbes(): void {
    this.#health.startProbes();
  }

  /** @throws EnvironmentError if its process cannot be started */
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

  /** Call when the pod terminates: stops the startup and the liveness probe. */
  terminating(): void {
    this.#health.terminating();
  }

  /** Call when the kubelet notices that the container ended. */
  setNotReady(): void {
    this.#health.setNotReady();
  }

  stopProbes(): void {
    this.#health.stopProbes();
  }

  /**
   * Runs the preStop hook, sends the stop signal, and sends SIGKILL at the end of the grace period. The hook's
   * duration, in whole seconds, counts against the grace period, but at least 2 s remain after it. Source:
   * killContainer in the kubelet (pkg/kubelet/kuberuntime).
   */
  async stop(): Promise<void> {
    const process = this.#process;
    if (!process || !this.#running) return;
    const { spec, clock, gracePeriodMs, isTerminating } = this.#options;
    this.#noteWrapper();
    const leftMs = gracePeriodMs - (await this.#runHook(process));
    if (isTerminating()) this.record.stopSignalMs = clock.nowMs();
    const stopWatching = this.#watchListener();
    process.signal(spec.stopSignal);
    const killTimer = after(Math.max(leftMs, MINIMUM_GRACE_MS), () => {
      if (isTerminating()) this.record.sigkillMs = clock.nowMs();
      process.sigkill();
    });
    await process.exited;
    killTimer.cancel();
    stopWatching();
  }

  /** Ends its process with SIGKILL, as the OOM killer does. */
  readonly crash = (): void => this.#process?.sigkill();

  /** Kills the container immediately. Cleans up after a trial; not part of the simulation. */
  async kill(): Promise<void> {
    this.#health.stopProbes();
    this.crash();
    await this.#process?.exited;
  }

  /**
   * Call after the load. Observes for at most `limitMs` what the wrapper, if there is one, does with the stop signal.
   * The server is unusable afterwards. Returns whether there was a wrapper to examine.
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

  /** Records the wrapper once per run, when the server listens. */
  #noteWrapper(): void {
    const run = this.record.runs.at(-1);
    const wrapper = run?.wrapper ?? wrapperOf(this.#process, this.#options.listensOn);
    if (run && wrapper) run.wrapper = wrapper;
  }

  /** Returns how much of the grace period the hook used, in ms. */
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
        (end.outcome === 'outlasted-grace' ? 'did not finish within the grace period' : 'the container ended');
      onEvent('FailedPreStopHook', `${hook.kind} ${hook.what}: ${why}`);
    }
    // A timer may fire a fraction of a millisecond early, which must not round a hook's duration down by a whole
    // second.
    return Math.floor((performance.now() - startedMs + 1) / 1000) * 1000;
  }

  /** A signal that is aborted when the process ends or the trial is cleaned up. */
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
    // The last output arrives after the exit.
    this.record.log = exited.lastLines;
    void exited.outputEnded.then(() => {
      if (this.#process === exited) this.record.log = exited.lastLines;
    });
    if (!this.#options.isTerminating()) this.#restartAfterExit(exited, { code, signal }).catch(ignoreAbort);
  }

  /** restartPolicy is Always: restarts as soon as the kubelet notices the first exit, later with a growing back-off. */
  async #restartAfterExit(exited: ContainerProcess, { code, signal }: ProcessExit): Promise<void> {
    const { relist, signal: aborted, isTerminating, onEvent, onCrashLoop } = this.#options;
    await relist.next(aborted);
    if (isTerminating()) return;
    this.#health.setNotReady();
    const last = exited.errorLine;
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
    await this.stop(); // its exit triggers the restart
  }

  /** Watches whether the server stops listening; a pod network reports that itself. Returns how to stop watching. */
  #watchListener(): () => void {
    const { served, network } = this.#options;
    if (!served) return () => {};
    network()?.serverTerminating();
    if (network() || !CAN_SEE_SOCKETS) return () => {};
    return watchListener(served.port, () => this.noteStoppedListening());
  }

  /** Records that its port was seen closed. If the server logs its lifecycle, its log counts instead. */
  noteStoppedListening(): void {
    const run = this.record.runs.at(-1);
    if (!run || !this.#options.isTerminating() || run.listeningMs !== undefined) return;
    run.stoppedListeningMs ??= this.#options.clock.nowMs();
  }

  /** Runs a command in the container, for an exec probe or hook. */
  readonly #exec = async (command: readonly string[], signal: AbortSignal): Promise<number | undefined> => {
    const enter = this.#process?.enter();
    return enter && runCommand([...enter, ...command], this.#options.env, signal);
  };
}

function ignoreAbort(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error;
}
