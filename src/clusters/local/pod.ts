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
  /** What the environments of the manifest come on top of. */
  env: Readonly<Record<string, string>>;
  /** The container port that the Service sends to. */
  servedPort: number;
  /** The port the server listens on whatever PORT says; each pod then has a network of its own. */
  ownPort?: number | undefined;
}

export interface PodOptions extends Address {
  ref: PodRef;
  generation: PodRecord['generation'];
  node: string;
  namespace: string;
  spec: PodSpec;
  /** The port of this machine at which each other container port is reached. */
  otherPorts: ReadonlyMap<number, number>;
  clock: TrialClock;
  /** From creation to the start of its containers, in ms. */
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
  /** Called when a container keeps ending by itself before it has ever been ready. */
  onCrashLoop: (pod: Pod, message: string) => void;
  onEvent: (type: string, pod: PodRef, message: string) => void;
}

export class Pod {
  readonly record: PodRecord;
  readonly address: Address;
  /** The Ready condition: all its containers are. */
  ready = false;
  readySinceMs: number | undefined;
  terminating = false;
  /** Its network exists: a connection is accepted or refused, not lost. */
  reachable = true;
  /** Removed from the API: nothing of it is left. */
  gone = false;
  readonly #options: PodOptions;
  readonly #containers: Container[];
  readonly #abort = new AbortController();
  /** pm2-runtime keeps its sockets in a folder of its user's, which containers do not share. */
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

  /** Starts the containers after their delay; errors of starting reject. */
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

  /** Asks for the pod's deletion. The promise resolves when it is gone. */
  delete(): Promise<void> {
    this.#termination ??= this.#terminate();
    return this.#termination;
  }

  /** Takes everything away at once; for the end of a trial, not part of the simulation. */
  async kill(): Promise<void> {
    this.terminating = true;
    this.#abort.abort();
    await Promise.all(this.#containers.map((container) => container.kill()));
    await this.#network?.remove();
    await this.#pm2Home.remove();
  }

  /** Whether there was a wrapper to examine; see Container. */
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

  /** PORT is where the container listens; where the pod has several ports, PORT_n is where port n is on this machine. */
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
    const ready = this.#containers.every((container) => container.ready);
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

  /** Every container is stopped at the same time, each on its own grace clock. */
  async #terminate(): Promise<void> {
    const { clock, onEvent, onChange, ref } = this.#options;
    this.terminating = true;
    this.record.deletionMs = clock.nowMs();
    onEvent('Killing', ref, 'deletion asked for');
    onChange(this);
    for (const container of this.#containers) container.terminating();
    await Promise.all(this.#containers.map((container) => container.stop()));
    for (const container of this.#containers) container.stopProbes();
    await this.#release().catch(ignoreAbort);
    this.gone = true;
    this.record.goneMs = clock.nowMs();
    onChange(this);
  }

  /** After its end: the sandbox is taken down, the kubelet says so, looks once more, and lets the API remove the pod. */
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
