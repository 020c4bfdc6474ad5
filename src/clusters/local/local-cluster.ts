/**
 * A Kubernetes cluster, reduced to what a rolling update of one Deployment or StatefulSet behind one Service needs,
 * made of real processes on this machine. Everything listens on loopback only.
 */
import { ExitCode, ProgramError } from '../../errors.ts';
import { admit } from '../../kubernetes-rules/admission.ts';
import { isHeadless, type PodPorts, podPorts } from '../../kubernetes-rules/ports.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import { canBePid1 } from '../../processes/container-process.ts';
import { type HeldPort, holdPort } from '../../processes/ports.ts';
import { deriveSeed, seededRandom } from '../../random.ts';
import type { ClusterRecord, PodRecord, PodRef, RouterView } from '../../trace/cluster-record.ts';
import type { Cluster, Deployed, DeployOptions, RoutingTable, Target } from '../cluster.ts';
import { Conditions } from '../condition.ts';
import { RolloutDeadline, rolloutLimits } from '../rollout-deadline.ts';
import { Controller } from './controller.ts';
import { assertEndsInTime } from './long-waits.ts';
import { Pod } from './pod.ts';
import { controllerLabels } from './pod-environment.ts';
import { assertPodNetworks, canMakePodNetworks } from './pod-network.ts';
import { type LocalClusterOptions, needsOwnNetwork, type PodSpec, podSpec } from './pod-spec.ts';
import { Relist } from './relist.ts';
import { Router } from './router.ts';
import { dnsRouting, kubeProxyRouting } from './routing.ts';
import { ServiceNetwork } from './service-network.ts';
import { ServiceProxy } from './service-proxy.ts';
import { assertSupported } from './supported.ts';
import { measuredTimings, type Timings } from './timings.ts';
import { examinationMs } from './wrapper.ts';

const HOST = '127.0.0.1';
const NODES = ['node1', 'node2'];
/** For a headless Service, one router with this name replaces those of the nodes. */
const DNS = 'dns';
const NAMESPACE = 'default';

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
    admit(options.manifests);
    assertSupported(options.manifests);
    assertEndsInTime(options.manifests);
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
  readonly disruption = 'rollout';
  readonly #options: DeployOptions;
  readonly #controller: Controller;
  readonly #routers: Router[];
  readonly #proxy: ServiceProxy;
  readonly #spec: PodSpec;
  readonly #ports: PodPorts;
  /** Each pod has a network of its own, in which its containers listen on the ports of the manifest. */
  readonly #ownNetworks: boolean;
  readonly #timings: Timings;
  readonly #relists: ReadonlyMap<string, Relist>;
  readonly #startDelays;
  readonly #controllerDelays;
  readonly #held: HeldPort[] = [];
  readonly #freePorts: number[] = [];
  readonly #views: RouterView[] = [];
  readonly #events: ClusterRecord['events'] = [];
  readonly #listeners: ((table: RoutingTable) => void)[] = [];
  readonly #conditions = new Conditions();
  #podNumber = 0;
  #url = '';

  constructor(options: DeployOptions, local: LocalClusterOptions) {
    this.#options = options;
    this.#timings = local.timings ?? measuredTimings;
    const { workload, service } = options.manifests;
    this.#ports = podPorts(workload.spec.template.spec, service);
    this.#spec = podSpec(options.manifests, this.#ports, local);
    this.#ownNetworks = needsOwnNetwork(this.#spec) && canMakePodNetworks();
    const random = (part: string) => seededRandom(deriveSeed(local.seed, part));
    const { relistPeriodMs } = this.#timings;
    this.#relists = new Map(NODES.map((node) => [node, new Relist(relistPeriodMs, random(`kubelet ${node}`).next())]));
    this.#startDelays = random('pods');
    this.#controllerDelays = random('controller');
    this.#routers = (this.#headless ? [DNS] : NODES).map((name) => {
      const routing = this.#headless ? dnsRouting(this.#timings) : kubeProxyRouting(this.#timings);
      return new Router(name, options.clock, random(name), routing, (router) => this.#onView(router));
    });
    this.#proxy = new ServiceProxy(new ServiceNetwork(() => this.#table(), random('proxy')));
    this.#controller = new Controller(options.manifests.workload, NODES, {
      createPod: (generation, node, suffix) => this.#createPod(generation, node, suffix),
      nowMs: () => options.clock.nowMs(),
      stepDelayMs: () => this.#controllerDelays.draw(this.#timings.controllerMs),
      onStep: () => this.#conditions.wake(),
      onError: (error) => this.#conditions.fail(error as Error),
    });
  }

  get target(): Target {
    return {
      kind: 'routes',
      url: this.#url,
      current: () => this.#table(),
      onChange: (listener) => this.#listeners.push(listener),
      proxiedRequest: (id) => this.#proxy.proxiedRequest(id),
    };
  }

  async start(): Promise<void> {
    const { replicas } = effectiveStrategy(this.#options.manifests.workload);
    // Reserve all ports before the trial, so that no search for a free port falls into it: for old pods, new pods, and
    // the proxy.
    const each = 1 + this.#otherPorts.length;
    for (let i = 0; i <= 2 * replicas * each; i++) this.#held.push(await holdPort());
    this.#freePorts.push(...this.#held.map(({ port }) => port));
    const proxyPort = this.#freePorts.pop() as number;
    await this.#proxy.listen(HOST, proxyPort);
    this.#url = `http://${HOST}:${proxyPort}`;
    this.#controller.reconcile();
    await this.#until('become ready', () => this.#controller.complete && this.#routersAgree());
  }

  async disrupt(): Promise<void> {
    this.#controller.changeTemplate();
    await this.#until('finish the rollout', () => this.#controller.complete && this.#routersAgree());
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
    for (const router of this.#routers) router.stop();
    await Promise.all([this.#proxy.close(), ...this.#controller.pods.map((pod) => pod.kill())]);
    for (const held of this.#held.splice(0)) held.release();
  }

  record(): ClusterRecord {
    return {
      // A copy, because removing the pods still changes their records, and that is not part of the trial.
      pods: structuredClone(this.#controller.pods.map((pod) => pod.record)),
      routerViews: this.#views,
      events: this.#events,
      pid1: canBePid1(),
      ...(needsOwnNetwork(this.#spec) && !this.#ownNetworks && { sharedNetwork: true }),
      ...(this.#headless && { headless: true }),
    };
  }

  #createPod(generation: PodRecord['generation'], node: string, suffix: string | undefined): Pod {
    const { manifests, clock } = this.#options;
    const unique = `${generation}-${++this.#podNumber}`;
    const name = `${manifests.workload.metadata.name}-${suffix ?? unique}`;
    const pod = new Pod({
      ref: { uid: suffix === undefined ? name : `${name}-${unique}`, name },
      generation,
      node,
      namespace: NAMESPACE,
      host: HOST,
      port: this.#freePorts.pop() as number,
      otherPorts: new Map(this.#otherPorts.map((port) => [port, this.#freePorts.pop() as number])),
      ownNetwork: this.#ownNetworks,
      spec: this.#spec,
      addedLabels: controllerLabels(manifests.workload, name, generation),
      clock,
      startDelayMs: this.#startDelays.draw(this.#timings.containerStartMs),
      probesDelayMs: this.#startDelays.draw(this.#timings.probesStartMs),
      sandboxDelayMs: this.#startDelays.draw(this.#timings.sandboxRemovalMs),
      releaseDelayMs: this.#startDelays.draw(this.#timings.podReleaseMs),
      relist: this.#relists.get(node) as Relist,
      onUnreachable: () => this.#announce(),
      onCrashLoop: (crashed, message) => this.#conditions.fail(this.#crashLoop(crashed, message)),
      onChange: () => this.#onPodChange(),
      onEvent: (type, ref, message) => {
        const event = { atMs: clock.nowMs(), type, pod: ref, message };
        this.#events.push(event);
        this.#options.onEvent?.(event);
      },
    });
    return pod;
  }

  /** The container ports that need a port of this machine, beside the served one. */
  get #otherPorts(): readonly number[] {
    return this.#ownNetworks ? [] : this.#ports.others;
  }

  #onPodChange(): void {
    const endpoints = this.#controller.pods
      .filter((pod) => !pod.gone)
      .map((pod) => ({ pod: refOf(pod), ...pod.address, podReady: pod.ready, terminating: pod.terminating }));
    for (const router of this.#routers) router.update(endpoints);
    this.#controller.reconcile();
    this.#conditions.wake();
  }

  #announce(): void {
    for (const listener of this.#listeners) listener(this.#table());
  }

  #onView(router: Router): void {
    const pods = router.view.map(({ pod }) => pod.uid);
    this.#views.push({ router: router.name, atMs: this.#options.clock.nowMs(), pods });
    this.#announce();
    this.#conditions.wake();
  }

  get #headless(): boolean {
    return isHeadless(this.#options.manifests.service);
  }

  #table(): RoutingTable {
    const unreachable = new Set(this.#controller.pods.filter((pod) => !pod.reachable).map((pod) => pod.record.uid));
    return {
      headless: this.#headless,
      routers: this.#routers.map(({ name, view }) => ({
        name,
        endpoints: view.map(({ pod, host, port }) => ({ pod, host, port, reachable: !unreachable.has(pod.uid) })),
      })),
    };
  }

  #routersAgree(): boolean {
    const wanted = this.#controller.pods.filter((pod) => !pod.terminating).map((pod) => pod.record.uid);
    return this.#routers.every(
      (router) => router.view.length === wanted.length && router.view.every((e) => wanted.includes(e.pod.uid)),
    );
  }

  /**
   * Waits for a condition on pods and routers. Ends early on abort, on failure, or when the rollout's deadline expires.
   */
  #until(what: string, condition: () => boolean): Promise<void> {
    const { manifests, signal, clock } = this.#options;
    const deadline = new RolloutDeadline(rolloutLimits(manifests.workload));
    const due = () => deadline.update(this.#controller.rolloutPods(this.#spec.gracePeriodMs), clock.nowMs());
    return this.#conditions.until(condition, {
      signal,
      leftMs: () => due().leftMs,
      stuck: () => this.#stuck(what, due().overdue),
    });
  }

  #crashLoop(pod: Pod, message: string): ProgramError {
    const { source } = this.#options.manifests;
    return new ProgramError(`${source}: pod ${pod.record.name} fails to start: ${message}`, ExitCode.environment);
  }

  #stuck(what: string, overdue: string): ProgramError {
    const { manifests } = this.#options;
    const pod = this.#controller.pods.find((p) => !p.terminating && !p.ready);
    const said = pod?.record.containers.flatMap(({ log = [] }) => log).at(-1);
    const lastWord = said ?? this.#events.findLast((e) => e.pod?.uid === pod?.record.uid)?.message;
    const which = pod ? `; pod ${pod.record.name} is not ready${lastWord ? `: ${lastWord}` : ''}` : '';
    return new ProgramError(`${manifests.source}: the pods did not ${what}: ${overdue}${which}`, ExitCode.environment);
  }
}

function refOf({ record: { uid, name } }: Pod): PodRef {
  return { uid, name };
}
