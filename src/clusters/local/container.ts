/** One container as its kubelet runs it: process, restarts, health, and termination within the grace period. */
import { expandReferences } from '../../kubernetes-rules/expansion.ts';
import type { Probe } from '../../kubernetes-rules/objects.ts';
import { ContainerProcess, type ProcessExit } from '../../processes/container-process.ts';
import type { PortState } from '../../processes/listening-sockets.ts';
import { rolesOf } from '../../processes/process-list.ts';
import { stopWithoutServer } from '../../processes/wrapper-stop.ts';
import { after, delay } from '../../timers.ts';
import type { ContainerRecord } from '../../trace/cluster-record.ts';
import { noteAppEvent } from '../app-log.ts';
import { ContainerHealth } from './container-health.ts';
import { runPostStart, runPreStop, wholeSecondsMs } from './container-hooks.ts';
import type { ContainerOptions } from './container-spec.ts';
import type { HookedContainer } from './hook.ts';
import type { ContainerRole, OrderedContainer } from './pod-order.ts';
import { probeCheck, runCommand } from './probe-check.ts';
import { ServedPort } from './served-port.ts';
import { wrapperOf } from './wrapper.ts';

/** minimumGracePeriodInSeconds: the kubelet waits at least this long before SIGKILL, even if the grace period is used up. */
const MINIMUM_GRACE_MS = 2000;

/** The kubelet's delay before the second restart of a container. Each further one is twice as long. */
const FIRST_BACK_OFF_MS = 10_000;

export class Container implements OrderedContainer {
  readonly record: ContainerRecord;
  ready = false;
  readonly #options: ContainerOptions;
  readonly #health: ContainerHealth;
  #process: ContainerProcess | undefined;
  #running = false;
  #wasReady = false;
  #restarts = 0;
  #examined = false;
  /** Why its postStart hook failed last. */
  #postStartFailure: string | undefined;
  /** Absent if the Service does not send to it. */
  readonly #port: ServedPort | undefined;
  /** Resolves when the kubelet sees that an init container has completed, or that a sidecar has started. */
  readonly passed: Promise<void>;
  #pass: () => void = () => {};

  constructor(options: ContainerOptions) {
    this.#options = options;
    const { manifest, role, serves, standIn, stopSignal } = options.spec;
    this.passed = new Promise((resolve) => {
      this.#pass = resolve;
    });
    this.record = {
      name: manifest.name,
      serves,
      ...(role === 'app' ? {} : { role }),
      runs: [],
      ...(stopSignal === 'SIGTERM' ? {} : { stopSignal }),
      ...(standIn ? { standIn } : {}),
    };
    const { served, network } = options;
    const onClosed = () => this.#noteStoppedListening();
    this.#port = served && new ServedPort({ port: served.port, network, onClosed });
    const probed = { ...options.reach, exec: this.#exec };
    this.#health = new ContainerHealth({
      container: standIn ? { name: manifest.name } : manifest,
      check: (probe) => probeCheck(probe, probed),
      relist: options.relist,
      signal: options.signal,
      onStarted: () => this.#pass(),
      onReady: (ready) => this.#noteReady(ready),
      onUnhealthy: (reason, probe) => void this.#restartUnhealthy(reason, probe),
    });
  }

  get role(): ContainerRole {
    return this.#options.spec.role;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Nothing listens on its port, so the kernel refuses a new connection. */
  get refuses(): boolean {
    return !this.#running || this.#port?.listens === false;
  }

  /** Starts the period of its probes, whether the container runs or not. */
  startProbes(): void {
    this.#health.startProbes();
  }

  /** @throws EnvironmentError if its process cannot be started */
  async start(): Promise<void> {
    const { spec, env, copies, clock, signal, network, isTerminating, onEvent } = this.#options;
    if (spec.role === 'init' && spec.standIn) return this.#pass(); // assumed to be done
    const command = spec.command.map((word) => expandReferences(word, env));
    const onLine = (line: string) => noteAppEvent(this.record, line, clock);
    const run = { restarts: this.record.runs.length, startedMs: clock.nowMs() };
    this.record.runs.push(run);
    const started = await ContainerProcess.start(command, env, onLine, {
      enter: network()?.enter,
      mounts: spec.mounts.length === 0 ? undefined : { list: spec.mounts, copies, workingDir: spec.workingDir },
    });
    run.startedMs = clock.nowMs();
    this.#process = started;
    this.#running = true;
    this.#port?.started();
    void started.exited.then((exit) => {
      if (this.#process === started) this.#onExit(started, exit);
    });
    if (signal.aborted || isTerminating()) started.sigkill(); // deleted while it started
    onEvent('Started', 'container started');
    if (!(await this.#runPostStart(started)) || spec.role === 'init') return;
    this.#health.containerRuns().catch(ignoreAbort);
  }

  /** Returns false if the hook failed. The container is then stopped, and restarted like one that ended by itself. */
  async #runPostStart(process: ContainerProcess): Promise<boolean> {
    const { spec, signal, onEvent } = this.#options;
    const handler = spec.manifest.lifecycle?.postStart;
    if (!handler || spec.standIn) return true;
    await process.commandRuns();
    this.#postStartFailure = await runPostStart(handler, this.#hooked(process), signal);
    if (this.#postStartFailure === undefined) return this.#running;
    onEvent('FailedPostStartHook', this.#postStartFailure);
    void this.stop();
    return false;
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
   * Runs the preStop hook, waits for the container's turn, sends the stop signal, and sends SIGKILL at the end of the
   * grace period. The hook and the wait, in whole seconds, count against the grace period, but at least 2 s remain after
   * them. Source: killContainer in the kubelet (pkg/kubelet/kuberuntime).
   * @param turn for a native sidecar: the end of the containers that must end before it
   * @param graceMs the grace period; by default the pod's
   */
  async stop(turn?: Promise<unknown>, graceMs = this.#options.gracePeriodMs): Promise<void> {
    const process = this.#process;
    if (!process || !this.#running) return;
    const { spec, clock, isTerminating } = this.#options;
    this.#noteWrapper();
    const leftMs = await this.#untilTurn(turn, graceMs - (await this.#runPreStop(process, graceMs)));
    if (!this.#running) return;
    if (isTerminating()) this.record.stopSignalMs = clock.nowMs();
    this.#port?.stopping();
    process.signal(spec.stopSignal);
    const killTimer = after(Math.max(leftMs, MINIMUM_GRACE_MS), () => {
      if (isTerminating()) this.record.sigkillMs = clock.nowMs();
      process.sigkill();
    });
    await process.exited;
    killTimer.cancel();
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
  async #runPreStop(process: ContainerProcess, graceMs: number): Promise<number> {
    const { spec, clock, signal, isTerminating, onEvent } = this.#options;
    const handler = spec.manifest.lifecycle?.preStop;
    // What a stand-in's hook would do is unknown, except for a sleep.
    if (!handler || (spec.standIn && !handler.sleep)) return 0;
    const container = this.#hooked(process);
    const { record, usedMs, failure } = await runPreStop(handler, { container, graceMs, clock, signal });
    if (isTerminating()) this.record.hook = { ...record, ...(spec.asks === undefined ? {} : { asks: spec.asks }) };
    if (failure !== undefined) onEvent('FailedPreStopHook', failure);
    return usedMs;
  }

  /** Returns how much of the grace period is left after the wait. */
  async #untilTurn(turn: Promise<unknown> | undefined, leftMs: number): Promise<number> {
    if (!turn || leftMs <= 0) return leftMs;
    const startedMs = performance.now();
    const over = delay(leftMs, undefined, { signal: this.#options.signal }).catch(ignoreAbort);
    await Promise.race([turn, over]);
    return leftMs - wholeSecondsMs(performance.now() - startedMs);
  }

  #hooked(process: ContainerProcess): HookedContainer {
    return { ...this.#options.reach, exec: this.#exec, exited: process.exited };
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
    this.#port?.ended();
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

  /**
   * restartPolicy is Always: restarts as soon as the kubelet notices the first exit, later with a growing back-off. An
   * init container that succeeded is done.
   */
  async #restartAfterExit(exited: ContainerProcess, { code, signal }: ProcessExit): Promise<void> {
    const { relist, signal: aborted, isTerminating, onEvent, onCrashLoop } = this.#options;
    await relist.next(aborted);
    if (this.role === 'init' && code === 0) return this.#pass();
    if (isTerminating()) return;
    this.#health.setNotReady();
    const last = this.#postStartFailure ?? exited.errorLine;
    const message = `container ${this.record.name} exited (${signal ?? code})${last ? `: ${last}` : ''}`;
    onEvent('BackOff', message);
    if (this.#restarts > 0 && !this.#wasReady) onCrashLoop(message);
    const backOffMs = this.#restarts === 0 ? 0 : FIRST_BACK_OFF_MS * 2 ** (this.#restarts - 1);
    this.#restarts++;
    await delay(backOffMs, undefined, { signal: aborted });
    if (!isTerminating()) await this.start();
  }

  async #restartUnhealthy(reason: string, { terminationGracePeriodSeconds: seconds }: Probe): Promise<void> {
    if (this.#options.isTerminating() || !this.#running) return;
    this.#options.onEvent('Killing', `${reason}, container will be restarted`);
    await this.stop(undefined, seconds === undefined ? undefined : seconds * 1000); // its exit triggers the restart
  }

  /** Call when a pod network has seen its port open or closed. */
  notePort(state: PortState): void {
    this.#port?.note(state);
  }

  /** If the server logs its lifecycle, the time is taken from its log instead. */
  #noteStoppedListening(): void {
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
