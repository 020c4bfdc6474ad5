/** One pod: its containers, its conditions, its network and its deletion. */
import { resolvePort } from '../../kubernetes-rules/ports.ts';
import { type TemporaryFolder, temporaryPath } from '../../processes/temporary-folder.ts';
import { delay } from '../../timers.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { PodRecord, PodRef } from '../../trace/cluster-record.ts';
import { Container } from './container.ts';
import type { ContainerSpec } from './container-spec.ts';
import { dialAddress } from './dial.ts';
import { environment } from './environment.ts';
import { listening, type PodPlace, podFacts } from './pod-environment.ts';
import { PodNetwork } from './pod-network.ts';
import { startInOrder, stopInOrder } from './pod-order.ts';
import type { PodSpec } from './pod-spec.ts';
import type { Address, Dial } from './probe-check.ts';
import type { Relist } from './relist.ts';

export interface PodOptions extends PodPlace {
  ref: PodRef;
  generation: PodRecord['generation'];
  node: string;
  namespace: string;
  spec: PodSpec;
  /** Labels that the workload's controller adds. */
  addedLabels: Readonly<Record<string, string>>;
  clock: TrialClock;
  /** From creation to the start of its containers, in ms. */
  startDelayMs: number;
  /** From creation to the start of the probes' period, in ms. Probes start when the volumes are mounted. */
  probesDelayMs: number;
  /** From the last container's exit to the end of the pod's network, in ms. */
  sandboxDelayMs: number;
  /** From the relist that showed the pod's end to its removal from the API, in ms. */
  releaseDelayMs: number;
  /** The relists of its node's kubelet. */
  relist: Relist;
  /** A readiness gate that nobody sets: it runs, but is never ready. */
  neverReady: boolean;
  /** Called when its network is gone. */
  onUnreachable: () => void;
  /** Called at every change of `ready`, `terminating` or `gone`. */
  onChange: (pod: Pod) => void;
  /** Called if a container keeps exiting and has never been ready. */
  onCrashLoop: (pod: Pod, message: string) => void;
  onEvent: (type: string, pod: PodRef, message: string) => void;
}

export class Pod {
  readonly record: PodRecord;
  readonly address: Address;
  /** The Ready condition: all its containers are ready. */
  ready = false;
  readySinceMs: number | undefined;
  terminating = false;
  /** Its network exists. If it does not, packets are lost instead of connections being accepted or refused. */
  reachable = true;
  /** It has been removed from the API. */
  gone = false;
  readonly #options: PodOptions;
  readonly #containers: Container[];
  readonly #abort = new AbortController();
  /** A PM2_HOME per pod: pm2-runtime keeps its sockets in the user's home, which containers do not share. */
  readonly #pm2Home: TemporaryFolder;
  /** For copies of what its mounts cover; undefined if it has no mounts. */
  readonly #copies: TemporaryFolder | undefined;
  /** Resolves when the pod begins to terminate or is removed. */
  readonly #ending: Promise<void>;
  #end: () => void = () => {};
  #network: PodNetwork | undefined;
  #termination: Promise<void> | undefined;

  constructor(options: PodOptions) {
    this.#options = options;
    this.address = { host: options.host, port: options.port };
    this.#ending = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#pm2Home = temporaryPath('pm2');
    const mounted = options.spec.containers.some(({ mounts }) => mounts.length > 0);
    this.#copies = mounted ? temporaryPath('mounts') : undefined;
    const { ref, generation, node, clock, spec } = options;
    this.#containers = spec.containers.map((container) => this.#container(container));
    const containers = this.#containers.map(({ record }) => record);
    this.record = { ...ref, generation, node, createdMs: clock.nowMs(), containers };
  }

  /** All its containers run. */
  get running(): boolean {
    return this.#containers.every((container) => container.running);
  }

  /** How often its serving container has started. */
  get servingRuns(): number {
    return this.#server?.record.runs.length ?? 0;
  }

  /** Its network exists, but nothing listens, so a new connection is refused. */
  get refuses(): boolean {
    return this.reachable && (this.#server?.refuses ?? true);
  }

  /** Ends the serving container with SIGKILL, as a crash does. Its kubelet starts it again. */
  crash(): void {
    this.#server?.crash();
  }

  /** Starts the containers after their delay. Rejects if one cannot be started. */
  async start(): Promise<void> {
    const { startDelayMs, probesDelayMs } = this.#options;
    const { signal } = this.#abort;
    const startProbes = () => {
      for (const container of this.#containers) container.startProbes();
    };
    delay(probesDelayMs, undefined, { signal }).then(startProbes, ignoreAbort);
    const started = delay(startDelayMs, undefined, { signal }).catch(ignoreAbort);
    await Promise.all([started, this.#createNetwork()]);
    await startInOrder(this.#containers, () => this.terminating || signal.aborted, this.#ending);
  }

  /** Requests the pod's deletion. Resolves when the pod is gone. */
  delete(): Promise<void> {
    this.#termination ??= this.#terminate();
    return this.#termination;
  }

  /** Kills everything immediately. Cleans up after a trial; not part of the simulation. */
  async kill(): Promise<void> {
    this.terminating = true;
    this.#end();
    this.#abort.abort();
    await Promise.all(this.#containers.map((container) => container.kill()));
    await this.#network?.remove();
    await this.#pm2Home.remove();
    await this.#copies?.remove();
  }

  /** Returns whether there was a wrapper to examine; see Container.examineWrapper. */
  async examineWrapper(limitMs: number): Promise<boolean> {
    return (await this.#server?.examineWrapper(limitMs)) ?? false;
  }

  get #server(): Container | undefined {
    return this.#containers.find(({ record }) => record.serves);
  }

  #container(spec: ContainerSpec): Container {
    const { clock, relist, onCrashLoop, onEvent, ref, spec: pod } = this.#options;
    const inside = this.#options.ownNetwork ? this.#insidePort : this.address.port;
    return new Container({
      spec,
      env: this.#environment(spec),
      copies: this.#copies?.path ?? '',
      gracePeriodMs: pod.gracePeriodMs,
      clock,
      relist,
      reach: { portOf: (port) => resolvePort(spec.manifest, port), dial: this.#dial },
      served: spec.serves ? this.address : undefined,
      listensOn: spec.serves ? inside : undefined,
      network: () => this.#network,
      isTerminating: () => this.terminating,
      signal: this.#abort.signal,
      onReady: () => this.#noteReadiness(),
      onEvent: (type, message) => onEvent(type, ref, message),
      onCrashLoop: (message) => onCrashLoop(this, message),
    });
  }

  /** The port that the server listens on in a network of the pod's own. */
  get #insidePort(): number {
    const { ownPort, servedPort } = this.#options.spec;
    return ownPort ?? servedPort;
  }

  /** How probes and hooks reach a container port. */
  readonly #dial: Dial = (port, signal) => {
    const { host, otherPorts, spec } = this.#options;
    const served = port === spec.servedPort;
    if (this.#network) return this.#network.dial(served ? this.#insidePort : port, signal);
    const here = served ? this.address.port : otherPorts.get(port);
    return dialAddress({ host, port: here ?? port }, signal);
  };

  #environment(spec: ContainerSpec): Record<string, string> {
    const { ref, node, namespace, addedLabels, spec: pod } = this.#options;
    return environment(spec.manifest, {
      pod: podFacts(pod, { ...ref, node, namespace, host: this.address.host }, addedLabels),
      sources: pod.sources,
      containers: pod.containers.map(({ manifest }) => manifest),
      inherited: { ...pod.env, PM2_HOME: this.#pm2Home.path },
      ...listening(spec, pod, this.#options),
    });
  }

  async #createNetwork(): Promise<void> {
    if (!this.#options.ownNetwork) return;
    this.#network = await PodNetwork.create(this.address, this.#insidePort, (state) => this.#server?.notePort(state));
    if (this.#abort.signal.aborted) await this.#network.remove();
  }

  #noteReadiness(): void {
    const ready =
      !this.#options.neverReady && this.#containers.every((container) => container.role === 'init' || container.ready);
    if (ready === this.ready) return;
    this.ready = ready;
    const { clock, onEvent, onChange, ref } = this.#options;
    const nowMs = clock.nowMs();
    this.readySinceMs = ready ? nowMs : undefined;
    if (ready) this.record.readyMs ??= nowMs;
    else if (this.terminating) this.record.notReadyMs ??= nowMs;
    onEvent(ready ? 'Ready' : 'NotReady', ref, ready ? 'ready' : 'no longer ready');
    onChange(this);
  }

  async #terminate(): Promise<void> {
    const { clock, onEvent, onChange, ref } = this.#options;
    this.terminating = true;
    this.#end();
    this.record.deletionMs = clock.nowMs();
    onEvent('Killing', ref, 'deletion requested');
    onChange(this);
    for (const container of this.#containers) container.terminating();
    await stopInOrder(this.#containers);
    for (const container of this.#containers) container.stopProbes();
    await this.#release().catch(ignoreAbort);
    this.gone = true;
    this.record.goneMs = clock.nowMs();
    onChange(this);
  }

  /**
   * After the last exit: the runtime removes the sandbox, the kubelet reports it, relists once more, and the API
   * removes the pod.
   */
  async #release(): Promise<void> {
    const { sandboxDelayMs, releaseDelayMs, relist, onUnreachable } = this.#options;
    const { signal } = this.#abort;
    await delay(sandboxDelayMs, undefined, { signal });
    this.reachable = false;
    onUnreachable();
    await this.#network?.remove();
    for (const container of this.#containers) container.setNotReady();
    await relist.next(signal);
    await delay(releaseDelayMs, undefined, { signal });
  }
}

function ignoreAbort(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error;
}
