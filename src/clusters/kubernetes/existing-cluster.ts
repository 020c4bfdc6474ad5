/**
 * A cluster on which the workload already serves. A trial restarts the workload, disrupts its pods in another way, or
 * runs the user's command that replaces them. Afterwards it undoes what would stay: fewer replicas, a cordoned node.
 */
import { setMaxListeners } from 'node:events';
import { EnvironmentError } from '../../errors.ts';
import type { GatewayTraffic } from '../../gateways/attempts.ts';
import { printStatus } from '../../output.ts';
import { delay } from '../../timers.ts';
import type { ClusterRecord, GatewayRecord } from '../../trace/cluster-record.ts';
import type { DisruptionOutcome, PlannedDisruption } from '../../trace/disruption.ts';
import type { Cluster, Deployed, DeployOptions, Target } from '../cluster.ts';
import { type KubernetesApi, unlessAborted } from './api.ts';
import { type CleanUp, cleanUp } from './clean-up.ts';
import type { DisruptedWorkload, Wait } from './disrupted-workload.ts';
import { carryOut, prepare } from './disruption.ts';
import { ControllerLog, type LogWriter } from './gateways/controller-log.ts';
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
  /** How many pods the workload has now; an autoscaler may change that. */
  replicas: number;
  /** The gateway at the URL, if its log is to be read. */
  gateway?: ExistingGateway | undefined;
}

export interface ExistingGateway {
  /** As in attempts. */
  name: string;
  version: string;
  writer: LogWriter;
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
  readonly #options: ExistingClusterOptions;
  readonly #trial: DeployOptions;
  readonly #observer: Observer;
  readonly #watching = new AbortController();
  readonly #cleanUps: CleanUp[] = [];
  readonly #gatewayLog: ControllerLog | undefined;
  #state = UNKNOWN;
  #replicas: number;

  constructor(options: ExistingClusterOptions, trial: DeployOptions) {
    this.#options = options;
    this.#trial = trial;
    this.#replicas = options.replicas;
    const { gateway, url } = options;
    const virtualHost = gateway && new URL(url).host;
    this.target = { kind: 'url', url, ...(virtualHost !== undefined && { virtualHost, perRequest: true }) };
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
    this.#gatewayLog =
      gateway &&
      new ControllerLog({
        api: options.api,
        writer: gateway.writer,
        gateway: gateway.name,
        unlogged: 'unknown',
        clock: trial.clock,
        watching: this.#watching.signal,
        podAt: (address, atMs) => this.#observer.pods.podAt(address, atMs),
        onDeath: (error) => this.#observer.fail(error),
      });
  }

  get replicas(): number {
    return this.#replicas;
  }

  async start(): Promise<void> {
    await unlessAborted(this.#trial.signal, this.#observer.start());
    if (this.#gatewayLog) await unlessAborted(this.#trial.signal, this.#gatewayLog.start());
    await this.#settled('become ready');
    this.#replicas = this.#state.replicas;
    await prepare(this.#planned, this.#disrupted);
  }

  async disrupt(): Promise<DisruptionOutcome> {
    const planned = this.#planned;
    if (planned.kind !== 'command') return carryOut(planned, this.#disrupted);
    await this.#runCommand(planned.command);
    return {};
  }

  async #runCommand(command: string): Promise<void> {
    this.#observer.beginRollout();
    await runTrigger(command, this.#trial.signal, printStatus);
    const tooLate = setTimeout(() => {
      if (!this.#observer.pods.replacing) this.#observer.fail(this.#replacedNothing());
    }, TRIGGER_SHOWS_WITHIN_MS);
    try {
      await this.#settled('finish the rollout that the command began', {
        also: () => this.#observer.pods.replacedSome,
      });
    } finally {
      clearTimeout(tooLate);
    }
  }

  get #planned(): PlannedDisruption {
    return this.#trial.disruption ?? { kind: 'rollout' };
  }

  get #disrupted(): DisruptedWorkload {
    const { api, workload } = this.#options;
    const { manifests, signal } = this.#trial;
    return {
      api,
      reference: workload,
      manifests,
      signal,
      observer: this.#observer,
      annotation: RESTARTED_AT,
      replicas: this.#replicas,
      ownsNamespace: false,
      privilegedNamespace: () => Promise.resolve(workload.namespace),
      cleanUps: this.#cleanUps,
      settled: (what, wait) => this.#settled(what, wait),
    };
  }

  /** Undoes what a disruption would leave behind: fewer replicas, a cordoned node. */
  async remove(): Promise<void> {
    this.#watching.abort();
    await cleanUp(this.#cleanUps);
  }

  async gatewayTraffic(): Promise<GatewayTraffic> {
    if (!this.#gatewayLog) throw new Error('there is no gateway');
    return this.#gatewayLog.traffic();
  }

  record(): ClusterRecord {
    const gateway = this.#gatewayRecord;
    return { ...this.#observer.record(), ...(gateway && { gateway }) };
  }

  get #gatewayRecord(): GatewayRecord | undefined {
    const { gateway } = this.#options;
    if (!gateway) return undefined;
    const { name, version, writer } = gateway;
    const controller = `${writer.namespace}/${name}`;
    return { name, version, controller, viewsAssumed: true, ...(this.#gatewayLog?.isUnread && { logUnread: true }) };
  }

  /**
   * Waits until the workload is complete by its own status (polled), all its pods are in the EndpointSlices (both
   * watched), and the further condition holds.
   */
  async #settled(what: string, { generation = 0, replicas = this.#replicas, also = () => true }: Wait = {}) {
    const { signal } = this.#trial;
    this.#state = UNKNOWN;
    const polling = new AbortController();
    const polls = this.#poll(AbortSignal.any([polling.signal, signal]));
    try {
      await this.#observer.until(what, replicas, signal, () => {
        const { complete, observedGeneration, replicas: wanted } = this.#state;
        return complete && observedGeneration >= generation && this.#observer.pods.serving(wanted) && also();
      });
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
