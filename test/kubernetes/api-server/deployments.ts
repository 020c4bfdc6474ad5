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
  kind?: 'Deployment' | 'StatefulSet';
  /** A step is taken only when the test calls `step`. */
  byHand?: boolean;
  labels?: Record<string, string>;
  /** The first lines of every pod's log. */
  onStarted?: (pod: string) => void;
  /** Called when a pod is about to be removed and its container has got the stop signal. */
  onStopped?: (pod: string) => Promise<void> | void;
  container?: string;
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
      if (this.#options.kind === 'StatefulSet') this.#then(...this.#removal(name), ...this.#creation(name));
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
  #status(replicas: number, updatedReplicas = replicas): void {
    const { kind = 'Deployment', name = 'web' } = this.#options;
    const found = this.#server.store.get(resourceOfKind(kind), this.namespace, name);
    if (!found) return;
    const observedGeneration = found.metadata.generation;
    const revisions = kind === 'StatefulSet' ? { currentRevision: 'a', updateRevision: 'a' } : {};
    this.#server.store.change(kind, this.namespace, name, {
      status: { observedGeneration, replicas, updatedReplicas, availableReplicas: replicas, ...revisions },
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
