/**
 * Plays the controllers of a Deployment on the API server for tests: pods, their EndpointSlice, the status. A rollout
 * is a list of steps. Each begins when the previous one is done, or when the test says so.
 */
import { NAMESPACE, type PodState, podObject, updateSlice } from './objects.ts';
import { resourceOfKind } from './resources.ts';
import type { ApiServer } from './server.ts';
import { type StoredObject, type WrittenObject, wholeSeconds } from './store.ts';

export interface DeploymentOptions {
  namespace?: string;
  name?: string;
  kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  /** A step is taken only when the test calls `step`. */
  byHand?: boolean;
  labels?: Record<string, string>;
  /** The first lines of every pod's log. */
  onStarted?: (pod: string) => void;
  /** Called when a pod is about to be removed and its container has got the stop signal. */
  onStopped?: (pod: string) => Promise<void> | void;
  container?: string;
  /** The pods of a DaemonSet. */
  nodes?: number;
}

type Step = () => unknown;

export class ScriptedDeployment {
  readonly #server: ApiServer;
  readonly #options: DeploymentOptions;
  readonly namespace: string;
  readonly #steps: Step[] = [];
  #pods: string[] = [];
  #made = 0;
  #named = 0;
  #playing = false;
  #stalled: string | undefined;

  constructor(server: ApiServer, options: DeploymentOptions = {}) {
    this.#server = server;
    this.#options = options;
    this.namespace = options.namespace ?? NAMESPACE;
  }

  /** The existing pods, the oldest first. */
  get pods(): readonly string[] {
    return this.#pods;
  }

  /** Whether steps are left. */
  get busy(): boolean {
    return this.#steps.length > 0;
  }

  /** Creates this many pods, which are ready immediately. */
  deploy(replicas: number): void {
    for (let i = 0; i < replicas; i++) this.#then(...this.#creation(this.#nextName()));
    this.#then(() => this.#status(replicas));
  }

  /**
   * Replaces every pod. Creates the next one first, as with maxSurge 1 and maxUnavailable 0, or afterwards, like a
   * StatefulSet.
   */
  roll(): void {
    const old = [...this.#pods];
    this.#then(() => this.#status(old.length, 0));
    for (const name of old) {
      if (this.#options.kind && this.#options.kind !== 'Deployment')
        this.#then(...this.#removal(name), ...this.#creation(name));
      else this.#then(...this.#creation(this.#nextName()), ...this.#removal(name));
    }
    this.#then(() => this.#status(old.length));
  }

  /** Takes the next step. @returns false if there is none */
  step(): boolean {
    const next = this.#steps.shift();
    next?.();
    return next !== undefined;
  }

  /** Takes the next step; resolves when it is done. */
  async #stepDone(): Promise<boolean> {
    const next = this.#steps.shift();
    await next?.();
    return next !== undefined;
  }

  /** Somebody else has deleted one of its pods: creates another. */
  lost(name: string): void {
    if (!this.#pods.includes(name)) return;
    this.#pods = this.#pods.filter((other) => other !== name);
    updateSlice(this.#server, this.namespace, this.#service);
    const successor = this.#options.kind === 'StatefulSet' ? name : this.#nextName();
    this.#then(...this.#creation(successor), () => this.#status(this.#pods.length));
  }

  /** Deletes the youngest pods above this number. */
  scale(replicas: number): void {
    const surplus = this.#pods.slice(replicas);
    this.#then(...surplus.flatMap((name) => this.#removal(name)), () => this.#status(replicas));
  }

  /** Rolls out a version whose first pod never becomes ready, until the progress deadline. */
  stall(): void {
    this.#stalled = this.#nextName();
    const before = this.#pods.length;
    const reason = 'ProgressDeadlineExceeded';
    this.#then(...this.#creation(this.#stalled).slice(0, -1), () =>
      this.#status(before + 1, 1, [{ type: 'Progressing', status: 'False', reason }]),
    );
  }

  /** Whether it is stalled. */
  get stalled(): boolean {
    return this.#stalled !== undefined;
  }

  /** Returns to the version before. */
  undo(): void {
    const name = this.#stalled ?? '';
    this.#stalled = undefined;
    this.#then(...this.#removal(name).slice(1), () => this.#status(this.#pods.length));
  }

  /** Deletes one pod and creates another. */
  replace(name: string): void {
    this.#then(...this.#removal(name), ...this.#creation(this.#nextName()), () => this.#status(this.#pods.length));
  }

  change(name: string, state: PodState): StoredObject {
    const pod = this.#server.store.get(resourceOfKind('Pod'), this.namespace, name);
    if (!pod) throw new Error(`there is no pod ${name}`);
    const { labels = { app: 'web' }, container = 'web' } = this.#options;
    const next = podObject(name, { namespace: this.namespace, labels, container, ...state });
    const { deletionTimestamp } = pod.metadata;
    const metadata = { ...next.metadata, ...(deletionTimestamp ? { deletionTimestamp } : {}) };
    const changed = this.#server.store.put({ ...next, metadata });
    updateSlice(this.#server, this.namespace, this.#service);
    return changed;
  }

  #creation(name: string): Step[] {
    const { labels = { app: 'web' }, container = 'web' } = this.#options;
    const startedAt = wholeSeconds();
    return [
      () => {
        this.#pods.push(name);
        const uid = `${name}-${++this.#made}`;
        this.#server.store.put(podObject(name, { uid, namespace: this.namespace, labels, container }) as WrittenObject);
      },
      () => {
        this.change(name, { startedAt });
        this.#options.onStarted?.(name);
      },
      () => this.change(name, { startedAt, ready: true }),
    ];
  }

  #removal(name: string): Step[] {
    const startedAt = wholeSeconds();
    return [
      () => this.change(name, { startedAt, ready: true, deletedAt: wholeSeconds() }),
      () => this.change(name, { startedAt, deletedAt: wholeSeconds() }),
      () => {
        const ended = () =>
          this.change(name, { deletedAt: wholeSeconds(), terminated: { exitCode: 0, finishedAt: wholeSeconds() } });
        const stopped = this.#options.onStopped?.(name);
        return stopped ? stopped.then(ended) : ended();
      },
      () => {
        this.#pods = this.#pods.filter((other) => other !== name);
        this.#server.store.remove('Pod', this.namespace, name);
        updateSlice(this.#server, this.namespace, this.#service);
      },
    ];
  }

  /** The status if all pods, or this many, are up to date. */
  #status(replicas: number, updatedReplicas = replicas, conditions: object[] | null = null): void {
    const { kind = 'Deployment', name = 'web' } = this.#options;
    const found = this.#server.store.get(resourceOfKind(kind), this.namespace, name);
    if (!found) return;
    const observedGeneration = found.metadata.generation;
    const revisions = kind === 'StatefulSet' ? { currentRevision: 'a', updateRevision: 'a' } : {};
    const counts =
      kind === 'DaemonSet'
        ? { desiredNumberScheduled: replicas, updatedNumberScheduled: updatedReplicas, numberAvailable: replicas }
        : { replicas, updatedReplicas, availableReplicas: replicas };
    this.#server.store.change(kind, this.namespace, name, {
      status: { observedGeneration, conditions, ...counts, ...revisions },
    });
  }

  get #service(): string {
    return this.#options.name ?? 'web';
  }

  #nextName(): string {
    return this.#options.kind === 'StatefulSet' ? `web-${this.#named++}` : `web-5d4f8c-${++this.#named}`;
  }

  #then(...steps: Step[]): void {
    this.#steps.push(...steps);
    if (!this.#options.byHand) void this.#play();
  }

  async #play(): Promise<void> {
    if (this.#playing) return;
    this.#playing = true;
    // One change at a time, so that the watches see each one before the next.
    do await new Promise((resolve) => setImmediate(resolve));
    while (await this.#stepDone());
    this.#playing = false;
  }
}
