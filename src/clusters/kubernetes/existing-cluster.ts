/**
 * A cluster on which the workload already serves. A trial restarts the workload, or runs the user's command that
 * replaces its pods. It changes nothing else and creates nothing, so there is nothing to clean up.
 */
import { setMaxListeners } from 'node:events';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { EnvironmentError } from '../../errors.ts';
import { printStatus } from '../../output.ts';
import { delay } from '../../timers.ts';
import type { ClusterRecord } from '../../trace/cluster-record.ts';
import type { Cluster, Deployed, DeployOptions, Target } from '../cluster.ts';
import { apiError, type KubernetesApi, unlessAborted } from './api.ts';
import { Observer } from './observer.ts';
import { runTrigger } from './trigger.ts';
import { readWorkload, type WorkloadReference, type WorkloadState, workloadState } from './workload.ts';

const POLL_MS = 500;
/** How long the API server may be unavailable. */
const AWAY_LIMIT_MS = 10_000;
/** If a command has replaced no pod this long after its end, it will not replace any. */
const TRIGGER_SHOWS_WITHIN_MS = 60_000;
/** The annotation that kubectl rollout restart sets. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** The state before the first answer. */
const UNKNOWN: WorkloadState = { replicas: 0, observedGeneration: 0, complete: false };

export interface ExistingClusterOptions {
  api: KubernetesApi;
  workload: WorkloadReference;
  url: string;
  /** A command that replaces the pods, instead of a restart. */
  trigger?: string | undefined;
}

export class ExistingCluster implements Cluster {
  readonly name: string;
  readonly #options: ExistingClusterOptions;

  constructor(options: ExistingClusterOptions) {
    this.name = options.api.context;
    this.#options = options;
  }

  /** Waits until the workload is complete and serves. @throws EnvironmentError if that does not happen in time */
  async deploy(options: DeployOptions): Promise<Deployed> {
    const deployed = new ExistingDeployment(this.#options, options);
    try {
      await deployed.start();
    } catch (error) {
      await deployed.remove();
      throw error;
    }
    return deployed;
  }
}

class ExistingDeployment implements Deployed {
  readonly target: Target;
  readonly disruption: Deployed['disruption'];
  readonly #options: ExistingClusterOptions;
  readonly #trial: DeployOptions;
  readonly #observer: Observer;
  readonly #watching = new AbortController();
  #state = UNKNOWN;

  constructor(options: ExistingClusterOptions, trial: DeployOptions) {
    this.#options = options;
    this.#trial = trial;
    this.target = { kind: 'url', url: options.url };
    this.disruption = options.trigger === undefined ? 'rollout' : 'command';
    setMaxListeners(0, this.#watching.signal);
    this.#observer = new Observer({
      api: options.api,
      namespace: options.workload.namespace,
      manifests: trial.manifests,
      clock: trial.clock,
      readsAppLog: false,
      signal: this.#watching.signal,
      ...(trial.onEvent ? { onEvent: trial.onEvent } : {}),
    });
  }

  async start(): Promise<void> {
    await unlessAborted(this.#trial.signal, this.#observer.start());
    await this.#until('become ready', () => this.#state.complete && this.#observer.pods.serving(this.#state.replicas));
  }

  async disrupt(): Promise<void> {
    this.#observer.beginRollout();
    const { trigger } = this.#options;
    if (trigger === undefined) {
      const generation = await unlessAborted(this.#trial.signal, this.#restart());
      await this.#until('finish the rollout', () => {
        const { complete, observedGeneration, replicas } = this.#state;
        return complete && observedGeneration >= generation && this.#observer.pods.rolledOut(replicas);
      });
      return;
    }
    await runTrigger(trigger, this.#trial.signal, printStatus);
    const tooLate = setTimeout(() => {
      if (!this.#observer.pods.replacing) this.#observer.fail(this.#replacedNothing());
    }, TRIGGER_SHOWS_WITHIN_MS);
    try {
      await this.#until(
        'finish the rollout that the command began',
        () =>
          this.#state.complete && this.#observer.pods.replacedSome && this.#observer.pods.serving(this.#state.replicas),
      );
    } finally {
      clearTimeout(tooLate);
    }
  }

  remove(): Promise<void> {
    this.#watching.abort();
    return Promise.resolve();
  }

  record(): ClusterRecord {
    return this.#observer.record();
  }

  /** Restarts the workload. Returns the new generation of its spec. */
  async #restart(): Promise<number> {
    const { api, workload } = this.#options;
    const { kind, name, namespace } = workload;
    const annotations = { [RESTARTED_AT]: new Date().toISOString() };
    const patch = { name, namespace, body: { spec: { template: { metadata: { annotations } } } } };
    const how = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);
    try {
      const { metadata } =
        kind === 'Deployment'
          ? await api.apps.patchNamespacedDeployment(patch, how)
          : await api.apps.patchNamespacedStatefulSet(patch, how);
      return metadata?.generation ?? 0;
    } catch (error) {
      throw apiError(error, `restart the ${kind} ${name}`, api);
    }
  }

  /** Waits for a condition on the pods, the EndpointSlices (both watched) and the workload's own status (polled). */
  async #until(what: string, condition: () => boolean): Promise<void> {
    this.#state = UNKNOWN;
    const polling = new AbortController();
    const polls = this.#poll(AbortSignal.any([polling.signal, this.#trial.signal]));
    try {
      await this.#observer.until(what, this.#trial.signal, condition);
    } finally {
      polling.abort();
      await polls;
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    let answeredMs = performance.now();
    while (!signal.aborted) {
      try {
        this.#state = await unlessAborted(signal, this.#read());
        answeredMs = performance.now();
        this.#observer.wake();
      } catch (error) {
        const isAway = performance.now() - answeredMs > AWAY_LIMIT_MS;
        if (isAway && !signal.aborted) this.#observer.fail(error as Error);
      }
      await delay(POLL_MS, undefined, { signal }).catch(() => {}); // aborted: the loop ends
    }
  }

  async #read(): Promise<WorkloadState> {
    return workloadState(await readWorkload(this.#options.api, this.#options.workload));
  }

  #replacedNothing(): EnvironmentError {
    const { kind, name } = this.#options.workload;
    const seconds = TRIGGER_SHOWS_WITHIN_MS / 1000;
    return new EnvironmentError(
      `--trigger: the command replaced no pod of ${kind} ${name} within ${seconds} s after it ended`,
    );
  }
}
