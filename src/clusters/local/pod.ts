/** One pod: its containers, its conditions, its network and its deletion. */
import { resolvePort } from '../../kubernetes-rules/ports.ts';
import { type TemporaryFolder, temporaryPath } from '../../processes/temporary-folder.ts';
import { delay } from '../../timers.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { PodRecord, PodRef } from '../../trace/cluster-record.ts';
import { Container, type ContainerSpec } from './container.ts';
import { environment } from './environment.ts';
import { PodNetwork } from './pod-network.ts';
import type { Address } from './probe-check.ts';
import type { Relist } from './relist.ts';

export interface PodSpec {
  containers: readonly ContainerSpec[];
  gracePeriodMs: number;
  /** The environment that each container inherits. */
  env: Readonly<Record<string, string>>;
  /** The container port that the Service sends traffic to. */
  servedPort: number;
  /** The port that the server listens on regardless of PORT; each pod then has a network of its own. */
  ownPort?: number | undefined;
}

export interface PodOptions extends Address {
  ref: PodRef;
  generation: PodRecord['generation'];
  node: string;
  namespace: string;
  spec: PodSpec;
  /** Each other container port, and the port of this machine that leads to it. */
  otherPorts: ReadonlyMap<number, number>;
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
  #network: PodNetwork | undefined;
  #termination: Promise<void> | undefined;

  constructor(options: PodOptions) {
    this.#options = options;
    this.address = { host: options.host, port: options.port };
    this.#pm2Home = temporaryPath('pm2');
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
    return this.record.containers.find(({ serves }) => serves)?.runs.length ?? 0;
  }

  /** Ends the serving container with SIGKILL, as a crash does. Its kubelet starts it again. */
  crash(): void {
    this.#containers.find(({ record }) => record.serves)?.crash();
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
    if (this.terminating || this.#abort.signal.aborted) return;
    await Promise.all(this.#containers.map((container) => container.start()));
  }

  /** Requests the pod's deletion. Resolves when the pod is gone. */
  delete(): Promise<void> {
    this.#termination ??= this.#terminate();
    return this.#termination;
  }

  /** Kills everything immediately. Cleans up after a trial; not part of the simulation. */
  async kill(): Promise<void> {
    this.terminating = true;
    this.#abort.abort();
    await Promise.all(this.#containers.map((container) => container.kill()));
    await this.#network?.remove();
    await this.#pm2Home.remove();
  }

  /** Returns whether there was a wrapper to examine; see Container.examineWrapper. */
  async examineWrapper(limitMs: number): Promise<boolean> {
    const server = this.#containers.find(({ record }) => record.serves);
    return server !== undefined && (await server.examineWrapper(limitMs));
  }

  #container(spec: ContainerSpec): Container {
    const { clock, relist, otherPorts, onCrashLoop, onEvent, ref, spec: pod } = this.#options;
    const addressOf = (port: number | string): Address | undefined => {
      const number = resolvePort(spec.manifest, port);
      const here = number === pod.servedPort ? this.address.port : number && otherPorts.get(number);
      return here ? { host: this.address.host, port: here } : undefined;
    };
    return new Container({
      spec,
      env: this.#environment(spec),
      gracePeriodMs: pod.gracePeriodMs,
      clock,
      relist,
      addressOf,
      served: spec.serves ? this.address : undefined,
      listensOn: spec.serves ? (pod.ownPort ?? this.address.port) : undefined,
      network: () => this.#network,
      isTerminating: () => this.terminating,
      signal: this.#abort.signal,
      onReady: () => this.#noteReadiness(),
      onEvent: (type, message) => onEvent(type, ref, message),
      onCrashLoop: (message) => onCrashLoop(this, message),
    });
  }

  /**
   * PORT is the port to listen on. If the pod has several ports, PORT_n is the port of this machine for container port
   * n.
   */
  #environment(spec: ContainerSpec): Record<string, string> {
    const { spec: pod, otherPorts, ref, node, namespace, host, port } = this.#options;
    const declared = spec.manifest.ports?.[0]?.containerPort;
    const own = spec.serves ? port : otherPorts.get(declared ?? 0);
    const identity = { name: ref.name, node, namespace, host, port: own ?? 0 };
    const inherited = { ...pod.env, PM2_HOME: this.#pm2Home.path };
    if (pod.ownPort !== undefined) {
      return environment(spec.manifest, identity, inherited, spec.serves ? pod.ownPort : (declared ?? 0));
    }
    const env = environment(spec.manifest, identity, inherited, undefined);
    for (const [number, here] of otherPorts) env[`PORT_${number}`] = String(here);
    if (own === undefined) delete env.PORT;
    return env;
  }

  async #createNetwork(): Promise<void> {
    const { otherPorts, spec } = this.#options;
    const { ownPort } = spec;
    if (ownPort === undefined) return;
    const server = this.#containers.find(({ record }) => record.serves);
    this.#network = await PodNetwork.create(this.address, ownPort, otherPorts, () => server?.noteStoppedListening());
    if (this.#abort.signal.aborted) await this.#network.remove();
  }

  #noteReadiness(): void {
    const ready = !this.#options.neverReady && this.#containers.every((container) => container.ready);
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

  /** Stops all containers at the same time, each with its own grace period. */
  async #terminate(): Promise<void> {
    const { clock, onEvent, onChange, ref } = this.#options;
    this.terminating = true;
    this.record.deletionMs = clock.nowMs();
    onEvent('Killing', ref, 'deletion requested');
    onChange(this);
    for (const container of this.#containers) container.terminating();
    await Promise.all(this.#containers.map((container) => container.stop()));
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
