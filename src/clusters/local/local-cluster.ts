/**
 * A Kubernetes cluster, reduced to what a rolling update of one workload behind one Service needs, made of real
 * processes on this machine. Everything listens on loopback only.
 */
import type { GatewayTraffic } from '../../gateways/attempts.ts';
import type { InstalledGateway } from '../../gateways/way.ts';
import { type PodPorts, podPorts } from '../../kubernetes-rules/ports.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import { canBePid1 } from '../../processes/container-process.ts';
import { deriveSeed, type Random, seededRandom } from '../../random.ts';
import type { ClusterRecord, PodRef } from '../../trace/cluster-record.ts';
import type { DisruptionOutcome, PlannedDisruption } from '../../trace/disruption.ts';
import type { Cluster, Deployed, DeployOptions, Endpoint, Target } from '../cluster.ts';
import { Conditions } from '../condition.ts';
import { Controller, type PodToCreate } from './controller.ts';
import { assertDeployable } from './deployable.ts';
import { carryOut, type DisruptedCluster, prepare } from './disruption.ts';
import { assertDisruptable, budgetsOf } from './disruption-check.ts';
import { LocalGateway, needsRefusals } from './local-gateway.ts';
import { NODES } from './nodes.ts';
import { Pod } from './pod.ts';
import { controllerLabels } from './pod-environment.ts';
import { assertPodNetworks, canMakePodNetworks } from './pod-network.ts';
import { type LocalClusterOptions, needsOwnNetwork, type PodSpec, podSpec } from './pod-spec.ts';
import { Relist } from './relist.ts';
import { ReservedPorts } from './reserved-ports.ts';
import { ServiceProxy } from './service-proxy.ts';
import { ServiceRouters } from './service-routers.ts';
import { Settling } from './settling.ts';
import { measuredTimings, type Timings } from './timings.ts';
import { examinationMs } from './wrapper.ts';

const HOST = '127.0.0.1';
const NAMESPACE = 'default';
const ROLLOUT: PlannedDisruption = { kind: 'rollout' };

export class LocalCluster implements Cluster {
  readonly name = 'local';
  readonly #options: LocalClusterOptions;

  constructor(options: LocalClusterOptions) {
    this.#options = options;
  }

  /**
   * @throws InputError for a manifest that the API server would reject or that this cluster does not support
   * @throws ProgramError if the pods make no progress for progressDeadlineSeconds, with their last output line
   */
  async deploy(options: DeployOptions): Promise<Deployed> {
    assertDeployable(options.manifests);
    assertDisruptable(options.manifests, options.disruption ?? ROLLOUT, NODES);
    if (this.#options.ownPort !== undefined) assertPodNetworks();
    const deployed = new LocalDeployment(options, this.#options);
    try {
      await deployed.start();
    } catch (error) {
      await deployed.remove();
      throw error;
    }
    return deployed;
  }
}

class LocalDeployment implements Deployed {
  readonly #options: DeployOptions;
  readonly #controller: Controller;
  readonly #routers: ServiceRouters;
  readonly #proxy: ServiceProxy;
  readonly #spec: PodSpec;
  readonly #ports: PodPorts;
  /** Each pod has a network of its own, in which its containers listen on the ports of the manifest. */
  readonly #ownNetworks: boolean;
  readonly #timings: Timings;
  readonly #relists: ReadonlyMap<string, Relist>;
  readonly #startDelays;
  readonly #controllerDelays;
  readonly #freePorts = new ReservedPorts();
  readonly #events: ClusterRecord['events'] = [];
  readonly #conditions = new Conditions();
  readonly #settling: Settling;
  #podNumber = 0;
  readonly #random: (part: string) => Random;
  readonly #installed: InstalledGateway | undefined;
  #gateway: LocalGateway | undefined;
  #url = '';

  constructor(options: DeployOptions, local: LocalClusterOptions) {
    this.#options = options;
    this.#timings = local.timings ?? measuredTimings;
    const { workload, service } = options.manifests;
    this.#ports = podPorts(workload.spec.template.spec, service);
    this.#spec = podSpec(options.manifests, this.#ports, local);
    this.#ownNetworks = needsOwnNetwork(this.#spec) && canMakePodNetworks();
    const random = (part: string) => seededRandom(deriveSeed(local.seed, part));
    this.#random = random;
    this.#installed = local.gateway;
    const { relistPeriodMs } = this.#timings;
    this.#relists = new Map(NODES.map((node) => [node, new Relist(relistPeriodMs, random(`kubelet ${node}`).next())]));
    this.#startDelays = random('pods');
    this.#controllerDelays = random('controller');
    this.#routers = new ServiceRouters({
      service,
      clock: options.clock,
      timings: this.#timings,
      random,
      pods: () => this.#controller.pods,
      onEndpoints: (endpoints, gapMs) => this.#gateway?.update(endpoints, gapMs),
      onView: () => this.#conditions.wake(),
    });
    const onError = (error: unknown) => this.#conditions.fail(error as Error);
    this.#proxy = new ServiceProxy({
      routes: () => this.#routers.table(),
      random: random('proxy'),
      takesFree: this.#installed?.kind.takesFreeConnections ?? false,
      ...(this.#installed &&
        needsRefusals(this.#installed) && {
          refusals: { clock: options.clock, random: random('refusals'), onError },
        }),
    });
    this.#controller = new Controller(options.manifests.workload, NODES, {
      createPod: (pod) => this.#createPod(pod),
      nowMs: () => options.clock.nowMs(),
      startedAtEpochMs: options.clock.startedAtEpochMs,
      uidOf: (pod) => deriveSeed(local.seed, pod.record.uid),
      stepDelayMs: () => this.#controllerDelays.draw(this.#timings.controllerMs),
      onStep: () => this.#conditions.wake(),
      onError,
    });
    this.#settling = new Settling({
      ...options,
      controller: this.#controller,
      conditions: this.#conditions,
      nodes: NODES.length,
      gracePeriodMs: this.#spec.gracePeriodMs,
      events: this.#events,
      routersAgree: () => this.#routersAgree(),
    });
  }

  get target(): Target {
    if (this.#gateway) return { kind: 'url', url: this.#gateway.url, perRequest: true };
    return {
      kind: 'routes',
      url: this.#url,
      current: () => this.#routers.table(),
      onChange: (listener) => this.#routers.onChange(listener),
      proxiedRequest: (id) => this.#proxy.proxiedRequest(id),
    };
  }

  get replicas(): number {
    return effectiveStrategy(this.#options.manifests.workload, NODES.length).replicas;
  }

  get pods(): readonly Endpoint[] {
    const known = this.#routers.table().routers.flatMap(({ endpoints }) => endpoints);
    return [...new Map(known.map((endpoint) => [endpoint.pod.uid, endpoint])).values()];
  }

  async start(): Promise<void> {
    // For the pods of each revision, the proxy, and the gateway.
    const ofPods = podsAtMost(this.#planned, this.replicas) * (1 + this.#otherPorts.length);
    await this.#freePorts.reserve(ofPods + 1 + (this.#installed ? 2 : 0));
    const proxyPort = this.#freePorts.take();
    await this.#proxy.listen(HOST, proxyPort);
    this.#url = `http://${HOST}:${proxyPort}`;
    if (this.#installed) await this.#startGateway(this.#installed, proxyPort);
    this.#controller.reconcile();
    await this.#settling.settled('become ready');
    await prepare(this.#planned, this.#disrupted);
  }

  async #startGateway(gateway: InstalledGateway, proxyPort: number): Promise<void> {
    this.#gateway = new LocalGateway({
      gateway,
      clock: this.#options.clock,
      timings: this.#timings,
      random: this.#random('gateway'),
      host: HOST,
      port: this.#freePorts.take(),
      adminPort: this.#freePorts.take(),
      service: { host: HOST, port: proxyPort },
      proxy: this.#proxy,
      onView: () => this.#conditions.wake(),
      onError: (error) => this.#conditions.fail(error),
    });
    await this.#gateway.start();
  }

  #routersAgree(): boolean {
    const staying = this.#controller.pods.filter((pod) => !pod.terminating).map(({ record }) => record.uid);
    return this.#routers.agree() && (this.#gateway?.knows(staying) ?? true);
  }

  async gatewayTraffic(): Promise<GatewayTraffic> {
    if (!this.#gateway) throw new Error('there is no gateway');
    return this.#gateway.traffic();
  }

  disrupt(): Promise<DisruptionOutcome> {
    return carryOut(this.#planned, this.#disrupted);
  }

  get #planned(): PlannedDisruption {
    return this.#options.disruption ?? ROLLOUT;
  }

  get #disrupted(): DisruptedCluster {
    const { manifests, clock, signal } = this.#options;
    return {
      controller: this.#controller,
      budgets: budgetsOf(manifests),
      nowMs: () => clock.nowMs(),
      signal,
      settled: (what, also) => this.#settling.settled(what, also),
      deadlineExceeded: () => this.#settling.deadlineExceeded(),
      onEvent: (type, pod, message) => this.#event(type, pod, message),
    };
  }

  /** One of the remaining pods is enough, because all of them run the same command. */
  async examineWrapper(): Promise<void> {
    const [pod] = this.#controller.pods.filter(({ terminating, gone }) => !terminating && !gone);
    await pod?.examineWrapper(
      examinationMs(
        this.#controller.pods.map(({ record }) => record),
        this.#spec.gracePeriodMs,
      ),
    );
  }

  async remove(): Promise<void> {
    this.#controller.stop();
    this.#routers.stop();
    await Promise.all([this.#gateway?.stop(), this.#proxy.close(), ...this.#controller.pods.map((pod) => pod.kill())]);
    this.#freePorts.release();
  }

  record(): ClusterRecord {
    return {
      // A copy, because removing the pods still changes their records, and that is not part of the trial.
      pods: structuredClone(this.#controller.pods.map((pod) => pod.record)),
      routerViews: this.#gateway && this.#installed?.upstream === 'pods' ? this.#gateway.views : this.#routers.views,
      ...(this.#gateway && { gateway: this.#gateway.record }),
      events: this.#events,
      pid1: canBePid1(),
      ...(needsOwnNetwork(this.#spec) && !this.#ownNetworks && { sharedNetwork: true }),
      ...(this.#routers.headless && { headless: true }),
    };
  }

  #createPod({ generation, node, suffix, neverReady }: PodToCreate): Pod {
    const { manifests, clock } = this.#options;
    const unique = `${generation}-${++this.#podNumber}`;
    const name = `${manifests.workload.metadata.name}-${suffix ?? unique}`;
    return new Pod({
      ref: { uid: suffix === undefined ? name : `${name}-${unique}`, name },
      generation,
      node,
      namespace: NAMESPACE,
      host: HOST,
      port: this.#freePorts.take(),
      otherPorts: new Map(this.#otherPorts.map((port) => [port, this.#freePorts.take()])),
      ownNetwork: this.#ownNetworks,
      spec: this.#spec,
      addedLabels: controllerLabels(manifests.workload, name, generation),
      clock,
      startDelayMs: this.#startDelays.draw(this.#timings.containerStartMs),
      probesDelayMs: this.#startDelays.draw(this.#timings.probesStartMs),
      sandboxDelayMs: this.#startDelays.draw(this.#timings.sandboxRemovalMs),
      releaseDelayMs: this.#startDelays.draw(this.#timings.podReleaseMs),
      relist: this.#relists.get(node) as Relist,
      neverReady,
      onUnreachable: () => this.#routers.announce(),
      onCrashLoop: (crashed, message) => this.#settling.failAsCrashLoop(crashed, message),
      onChange: () => this.#onPodChange(),
      onEvent: (type, ref, message) => this.#event(type, ref, message),
    });
  }

  #event(type: string, { uid, name }: PodRef, message: string): void {
    const event = { atMs: this.#options.clock.nowMs(), type, pod: { uid, name }, message };
    this.#events.push(event);
    this.#options.onEvent?.(event);
  }

  /** The container ports that need a port of this machine, beside the served one. */
  get #otherPorts(): readonly number[] {
    return this.#ownNetworks ? [] : this.#ports.others;
  }

  #onPodChange(): void {
    this.#routers.update();
    this.#controller.reconcile();
    this.#conditions.wake();
  }
}

/** How many pods a trial creates at most. */
function podsAtMost({ kind }: PlannedDisruption, replicas: number): number {
  const revisions = kind === 'rollback' || kind === 'bad-version' ? 3 : 2;
  return revisions * replicas;
}
