/** One pod as its kubelet runs it: start, probes, termination with one grace clock, exit. */
import { setTimeout as delay } from 'node:timers/promises';
import { expandReferences } from '../../kubernetes-rules/expansion.ts';
import type { Container } from '../../kubernetes-rules/objects.ts';
import { ContainerProcess } from '../../processes/container-process.ts';
import { CAN_SEE_SOCKETS, watchListener } from '../../processes/listening-sockets.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { PodRecord } from '../../trace/trace.ts';
import { noteAppEvent } from '../app-log.ts';
import { ContainerHealth } from './container-health.ts';
import { environment } from './environment.ts';
import { PodNetwork } from './pod-network.ts';
import { runPreStop } from './pre-stop.ts';
import { type Address, probeCheck, runCommand } from './probe-check.ts';
import type { Relist } from './relist.ts';

/** The kubelet leaves a container this long after SIGTERM even when the grace period is used up (minimumGracePeriodInSeconds). */
const MINIMUM_GRACE_MS = 2000;

/** The kubelet waits this long before the second restart of a container, and doubles it from then on. */
const FIRST_BACK_OFF_MS = 10_000;

export interface PodSpec {
  container: Container;
  gracePeriodMs: number;
  /** The command that stands for the image; references to its environment, as $(PORT), are replaced. */
  command: readonly string[];
  /** What the manifest's environment comes on top of. */
  env: Readonly<Record<string, string>>;
  /** The port the server listens on whatever PORT says; each pod then has a network of its own. */
  ownPort?: number | undefined;
}

export interface PodOptions extends Address {
  name: string;
  generation: PodRecord['generation'];
  node: string;
  namespace: string;
  spec: PodSpec;
  clock: TrialClock;
  /** From creation to the container's start, in ms. */
  startDelayMs: number;
  /** From creation to the start of its probes' rhythm, in ms: they start when its volumes are there. */
  probesDelayMs: number;
  /** From the last exit to the end of the pod's network, in ms. */
  sandboxDelayMs: number;
  /** From the list that saw the pod's end to its removal from the API, in ms. */
  releaseDelayMs: number;
  /** Its kubelet's look at containers. */
  relist: Relist;
  /** Called when its network has ended. */
  onUnreachable: () => void;
  /** Called at every change of `ready`, `terminating` or `gone`. */
  onChange: (pod: Pod) => void;
  /** Called when its container keeps ending by itself before the pod has ever been ready. */
  onCrashLoop: (pod: Pod, message: string) => void;
  onEvent: (type: string, pod: string, message: string) => void;
}

export class Pod {
  readonly record: PodRecord;
  readonly address: Address;
  /** The Ready condition. */
  ready = false;
  readySinceMs: number | undefined;
  terminating = false;
  /** Its network exists: a connection is accepted or refused, not lost. */
  reachable = true;
  /** Removed from the API: nothing of it is left. */
  gone = false;
  readonly #options: PodOptions;
  readonly #env: Record<string, string>;
  readonly #health: ContainerHealth;
  readonly #abort = new AbortController();
  #network: PodNetwork | undefined;
  #process: ContainerProcess | undefined;
  #running = false;
  #restarts = 0;
  #termination: Promise<void> | undefined;

  constructor(options: PodOptions) {
    this.#options = options;
    this.address = { host: options.host, port: options.port };
    const { name, generation, node, clock } = options;
    this.record = { name, generation, node, createdMs: clock.nowMs() };
    this.#env = environment(options.spec.container, options, options.spec.env, options.spec.ownPort);
    this.#health = new ContainerHealth({
      container: options.spec.container,
      check: (probe) => probeCheck(probe, this.address, this.#exec),
      relist: options.relist,
      signal: this.#abort.signal,
      onReady: (ready) => this.#noteReady(ready),
      onUnhealthy: (reason) => void this.#restartContainer(reason),
    });
  }

  /** Starts the container after its delay; errors of starting reject. */
  async start(): Promise<void> {
    const { startDelayMs, probesDelayMs } = this.#options;
    const { signal } = this.#abort;
    delay(probesDelayMs, undefined, { signal }).then(() => this.#health.startProbes(), ignoreAbort);
    const started = delay(startDelayMs, undefined, { signal }).catch(ignoreAbort);
    await Promise.all([started, this.#createNetwork()]);
    if (!this.terminating && !this.#abort.signal.aborted) await this.#startContainer();
  }

  /** Asks for the pod's deletion. The promise resolves when it is gone. */
  delete(): Promise<void> {
    this.#termination ??= this.#terminate();
    return this.#termination;
  }

  /** Takes everything away at once; for the end of a trial, not part of the simulation. */
  async kill(): Promise<void> {
    this.terminating = true;
    this.#abort.abort();
    this.#health.stopProbes();
    this.#process?.sigkill();
    await this.#process?.exited;
    await this.#network?.remove();
  }

  async #createNetwork(): Promise<void> {
    const { ownPort } = this.#options.spec;
    if (ownPort === undefined) return;
    this.#network = await PodNetwork.create(this.address, ownPort, () => this.#noteStoppedListening());
    if (this.#abort.signal.aborted) await this.#network.remove();
  }

  async #startContainer(): Promise<void> {
    const { spec, clock, onEvent } = this.#options;
    const command = spec.command.map((word) => expandReferences(word, this.#env));
    const onLine = (line: string) => noteAppEvent(this.record, line, clock);
    const started = await ContainerProcess.start(command, this.#env, onLine, this.#network?.enter);
    this.#process = started;
    this.#network?.serverStarted();
    this.record.startedMs ??= clock.nowMs();
    this.#running = true;
    void started.exited.then((exit) => {
      if (this.#process === started) this.#onExit(started, exit);
    });
    if (this.#abort.signal.aborted) started.sigkill();
    onEvent('Started', this.record.name, 'container started');
    this.#health.containerRuns().catch(ignoreAbort);
  }

  #noteReady(ready: boolean): void {
    this.ready = ready;
    const now = this.#options.clock.nowMs();
    this.readySinceMs = ready ? now : undefined;
    if (ready) this.record.readyMs ??= now;
    else if (this.terminating) this.record.notReadyMs ??= now;
    this.#options.onEvent(ready ? 'Ready' : 'NotReady', this.record.name, ready ? 'ready' : 'no longer ready');
    this.#options.onChange(this);
  }

  #onExit(exited: ContainerProcess, exit: { code: number | null; signal: NodeJS.Signals | null }): void {
    this.#running = false;
    this.#health.containerEnded();
    this.record.exitMs = this.#options.clock.nowMs();
    if (exit.code !== null) this.record.exitCode = exit.code;
    if (exit.signal !== null) this.record.exitSignal = exit.signal;
    this.record.log = exited.lastLines;
    if (!this.terminating) this.#restartAfterExit().catch(ignoreAbort);
  }

  /** restartPolicy is Always: at once the first time that the kubelet sees it, then with a growing back-off. */
  async #restartAfterExit(): Promise<void> {
    const { signal: aborted } = this.#abort;
    await this.#options.relist.next(aborted);
    if (this.terminating) return;
    this.#health.setNotReady();
    const { code, signal } = (await this.#process?.exited) ?? { code: null, signal: null };
    const last = this.#process?.lastWords;
    const message = `container exited (${signal ?? code})${last ? `: ${last}` : ''}`;
    this.#options.onEvent('BackOff', this.record.name, message);
    if (this.#restarts > 0 && this.record.readyMs === undefined) this.#options.onCrashLoop(this, message);
    const backOffMs = this.#restarts === 0 ? 0 : FIRST_BACK_OFF_MS * 2 ** (this.#restarts - 1);
    this.#restarts++;
    await delay(backOffMs, undefined, { signal: aborted });
    if (this.terminating) return;
    await this.#startContainer();
  }

  async #restartContainer(reason: string): Promise<void> {
    if (this.terminating || !this.#running) return;
    this.#options.onEvent('Killing', this.record.name, `${reason}, container will be restarted`);
    await this.#stopContainer(); // its exit starts it again
  }

  async #terminate(): Promise<void> {
    this.terminating = true;
    this.record.deletionMs = this.#options.clock.nowMs();
    this.#options.onEvent('Killing', this.record.name, 'deletion asked for');
    this.#options.onChange(this);
    this.#health.terminating();
    if (this.#running) await this.#stopContainer();
    this.#health.stopProbes();
    await this.#release().catch(ignoreAbort);
    this.gone = true;
    this.#options.onChange(this);
  }

  /** After its end: the sandbox is taken down, the kubelet says so, looks once more, and lets the API remove the pod. */
  async #release(): Promise<void> {
    const { sandboxDelayMs, releaseDelayMs, relist, onUnreachable } = this.#options;
    const { signal } = this.#abort;
    await delay(sandboxDelayMs, undefined, { signal });
    this.reachable = false;
    onUnreachable();
    await this.#network?.remove();
    this.#health.setNotReady();
    await relist.next(signal);
    await delay(releaseDelayMs, undefined, { signal });
  }

  /**
   * preStop, SIGTERM, SIGKILL. One clock runs over all of it: what preStop takes, in whole seconds, is missing after it,
   * but never so much that fewer than 2 s remain. Source: killContainer in the kubelet (pkg/kubelet/kuberuntime).
   */
  async #stopContainer(): Promise<void> {
    const container = this.#process;
    if (!container) return;
    const { spec, clock } = this.#options;
    let leftMs = spec.gracePeriodMs;
    if (spec.container.lifecycle?.preStop) {
      const startedMs = performance.now();
      const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(spec.gracePeriodMs)]);
      const hook = { address: this.address, exec: this.#exec, exited: container.exited };
      const failure = await runPreStop(spec.container.lifecycle.preStop, hook, signal);
      if (failure !== undefined) this.#options.onEvent('FailedPreStopHook', this.record.name, failure);
      if (this.terminating) this.record.preStopEndMs = clock.nowMs();
      // A timer here may end a fraction of a millisecond early, which must not cost the hook a whole second.
      leftMs -= Math.floor((performance.now() - startedMs + 1) / 1000) * 1000;
    }
    if (this.terminating) this.record.sigtermMs = clock.nowMs();
    const stopWatch = this.#watchListener();
    container.signal('SIGTERM');
    const killTimer = setTimeout(
      () => {
        if (this.terminating) this.record.sigkillMs = clock.nowMs();
        container.sigkill();
      },
      Math.max(leftMs, MINIMUM_GRACE_MS),
    );
    await container.exited;
    clearTimeout(killTimer);
    stopWatch();
  }

  /** Looks whether the server stops listening; a network of its own does so by itself. Returns how to stop looking. */
  #watchListener(): () => void {
    this.#network?.serverTerminating();
    if (this.#network || !CAN_SEE_SOCKETS) return () => {};
    return watchListener(this.address.port, () => this.#noteStoppedListening());
  }

  /** Where the server says so itself, its own word counts. */
  #noteStoppedListening(): void {
    if (!this.terminating || this.record.listeningMs !== undefined) return;
    this.record.stoppedListeningMs ??= this.#options.clock.nowMs();
  }

  /** Runs a command in the container, as an exec probe or hook does. */
  readonly #exec = (command: readonly string[], signal: AbortSignal): Promise<number | undefined> =>
    runCommand([...(this.#network?.enter ?? []), ...command], this.#env, signal);
}

function ignoreAbort(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error;
}
