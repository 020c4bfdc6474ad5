/**
 * A Kubernetes cluster as far as a rolling update of one Deployment behind one Service can tell, made of real processes
 * on this machine. Everything listens on loopback alone.
 */
import { ExitCode, ProgramError } from '../../errors.ts';
import { admit } from '../../kubernetes-rules/admission.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import { canBePid1 } from '../../processes/container-process.ts';
import { type HeldPort, holdPort } from '../../processes/ports.ts';
import { deriveSeed, seededRandom } from '../../random.ts';
import { timerMs } from '../../timers.ts';
import type { ClusterRecord, PodRecord, RouterView } from '../../trace/trace.ts';
import type { Cluster, Deployed, DeployOptions, RoutingTable, Target } from '../cluster.ts';
import { Conditions } from '../condition.ts';
import { progressDeadlineMs, RolloutDeadline } from '../rollout-deadline.ts';
import { Controller } from './controller.ts';
import { Pod, type PodSpec } from './pod.ts';
import { assertPodNetworks } from './pod-network.ts';
import { Relist } from './relist.ts';
import { Router } from './router.ts';
import { ServiceNetwork } from './service-network.ts';
import { ServiceProxy } from './service-proxy.ts';
import { assertSupported } from './supported.ts';
import { measuredTimings, type Timings } from './timings.ts';

const HOST = '127.0.0.1';
const NODES = ['node1', 'node2'];
const NAMESPACE = 'default';

export interface LocalClusterOptions {
  /** The command that stands for the container's image. */
  command: readonly string[];
  /** What each container's environment starts from; by default the PATH alone. */
  env?: Readonly<Record<string, string>>;
  /** The port the command listens on whatever PORT says; each pod then has a network of its own. */
  ownPort?: number | undefined;
  seed: number;
  timings?: Timings;
}

export class LocalCluster implements Cluster {
  readonly name = 'local';
  readonly #options: LocalClusterOptions;

  constructor(options: LocalClusterOptions) {
    this.#options = options;
  }

  /**
   * @throws InputError for a manifest the API server would refuse or this cluster does not carry out
   * @throws ProgramError when the pods make no progress for progressDeadlineSeconds, with their last output line
   */
  async deploy(options: DeployOptions): Promise<Deployed> {
    admit(options.manifests);
    assertSupported(options.manifests);
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
  readonly #routers: Router[];
  readonly #proxy: ServiceProxy;
  readonly #spec: PodSpec;
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
    this.#spec = podSpec(options.manifests, local);
    const random = (part: string) => seededRandom(deriveSeed(local.seed, part));
    const { relistPeriodMs } = this.#timings;
    this.#relists = new Map(NODES.map((node) => [node, new Relist(relistPeriodMs, random(`kubelet ${node}`).next())]));
    this.#startDelays = random('pods');
    this.#controllerDelays = random('controller');
    this.#routers = NODES.map(
      (node) => new Router(node, options.clock, random(node), this.#timings, (router) => this.#onView(router)),
    );
    this.#proxy = new ServiceProxy(new ServiceNetwork(() => this.#table(), random('proxy')));
    this.#controller = new Controller(options.manifests.deployment, NODES, {
      createPod: (generation, node) => this.#createPod(generation, node),
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
      whereWas: (id) => this.#proxy.whereWas(id),
    };
  }

  async start(): Promise<void> {
    const spec = this.#options.manifests.deployment.spec;
    // One port a pod, taken before the trial so that none has to be looked for while the clock runs: the old ones,
    // the new ones, and the proxy's.
    for (let i = 0; i <= 2 * (spec.replicas ?? 1); i++) this.#held.push(await holdPort());
    this.#freePorts.push(...this.#held.map(({ port }) => port));
    const proxyPort = this.#freePorts.pop() as number;
    await this.#proxy.listen(HOST, proxyPort);
    this.#url = `http://${HOST}:${proxyPort}`;
    this.#controller.reconcile();
    await this.#until('become ready', () => this.#controller.complete && this.#routersAgree());
  }

  async rollout(): Promise<void> {
    this.#controller.changeTemplate();
    await this.#until('finish the rollout', () => this.#controller.complete && this.#routersAgree());
  }

  async remove(): Promise<void> {
    this.#controller.stop();
    for (const router of this.#routers) router.stop();
    await Promise.all([this.#proxy.close(), ...this.#controller.pods.map((pod) => pod.kill())]);
    for (const held of this.#held.splice(0)) held.release();
  }

  record(): ClusterRecord {
    return {
      // A copy: what taking the pods away does to them is no part of the trial.
      pods: structuredClone(this.#controller.pods.map((pod) => pod.record)),
      routerViews: this.#views,
      events: this.#events,
      pid1: canBePid1(),
    };
  }

  #createPod(generation: PodRecord['generation'], node: string): Pod {
    const { manifests, clock } = this.#options;
    const pod = new Pod({
      name: `${manifests.deployment.metadata.name}-${generation}-${++this.#podNumber}`,
      generation,
      node,
      namespace: NAMESPACE,
      host: HOST,
      port: this.#freePorts.pop() as number,
      spec: this.#spec,
      clock,
      startDelayMs: this.#startDelays.draw(this.#timings.containerStartMs),
      probesDelayMs: this.#startDelays.draw(this.#timings.probesStartMs),
      sandboxDelayMs: this.#startDelays.draw(this.#timings.sandboxRemovalMs),
      releaseDelayMs: this.#startDelays.draw(this.#timings.podReleaseMs),
      relist: this.#relists.get(node) as Relist,
      onUnreachable: () => this.#announce(),
      onCrashLoop: (crashed, message) => this.#conditions.fail(this.#crashLoop(crashed, message)),
      onChange: () => this.#onPodChange(),
      onEvent: (type, name, message) => {
        const event = { atMs: clock.nowMs(), type, pod: name, message };
        this.#events.push(event);
        this.#options.onEvent?.(event);
      },
    });
    return pod;
  }

  #onPodChange(): void {
    const endpoints = this.#controller.pods
      .filter((pod) => !pod.gone)
      .map((pod) => ({ pod: pod.record.name, ...pod.address, podReady: pod.ready, terminating: pod.terminating }));
    for (const router of this.#routers) router.update(endpoints);
    this.#controller.reconcile();
    this.#conditions.wake();
  }

  #announce(): void {
    for (const listener of this.#listeners) listener(this.#table());
  }

  #onView(router: Router): void {
    this.#views.push({ router: router.name, atMs: this.#options.clock.nowMs(), pods: router.view.map((e) => e.pod) });
    this.#announce();
    this.#conditions.wake();
  }

  #table(): RoutingTable {
    const unreachable = new Set(this.#controller.pods.filter((pod) => !pod.reachable).map((pod) => pod.record.name));
    return {
      routers: this.#routers.map(({ name, view }) => ({
        name,
        endpoints: view.map(({ pod, host, port }) => ({ pod, host, port, reachable: !unreachable.has(pod) })),
      })),
    };
  }

  #routersAgree(): boolean {
    const wanted = this.#controller.pods.filter((pod) => !pod.terminating).map((pod) => pod.record.name);
    return this.#routers.every(
      (router) => router.view.length === wanted.length && router.view.every((e) => wanted.includes(e.pod)),
    );
  }

  /** Waits for a condition that pods and routers bring about; ends early on abort, failure, or when it takes too long. */
  #until(what: string, condition: () => boolean): Promise<void> {
    const { manifests, signal, clock } = this.#options;
    const { spec } = manifests.deployment;
    const deadline = new RolloutDeadline({
      replicas: spec.replicas ?? 1,
      progressDeadlineMs: progressDeadlineMs(spec),
      waitsForTermination: spec.strategy?.type === 'Recreate',
    });
    const due = () => deadline.look(this.#controller.rolloutPods(this.#spec.gracePeriodMs), clock.nowMs());
    return this.#conditions.until(condition, {
      signal,
      leftMs: () => due().leftMs,
      stuck: () => this.#stuck(what, due().overdue),
    });
  }

  #crashLoop(pod: Pod, message: string): ProgramError {
    const { source } = this.#options.manifests;
    return new ProgramError(`${source}: pod ${pod.record.name} does not start: ${message}`, ExitCode.environment);
  }

  #stuck(what: string, overdue: string): ProgramError {
    const { manifests } = this.#options;
    const pod = this.#controller.pods.find((p) => !p.terminating && !p.ready);
    const lastWord = pod?.record.log?.at(-1) ?? this.#events.findLast((e) => e.pod === pod?.record.name)?.message;
    const which = pod ? `; pod ${pod.record.name} is not ready${lastWord ? `: ${lastWord}` : ''}` : '';
    return new ProgramError(`${manifests.source}: the pods did not ${what}: ${overdue}${which}`, ExitCode.environment);
  }
}

function podSpec(manifests: Manifests, { command, env, ownPort }: LocalClusterOptions): PodSpec {
  const { containers, terminationGracePeriodSeconds = 30 } = manifests.deployment.spec.template.spec;
  const container = containers[0];
  if (!container) throw new Error('a Deployment without containers passed its schema');
  const gracePeriodMs = timerMs(terminationGracePeriodSeconds * 1000);
  return { container, gracePeriodMs, command, env: env ?? { PATH: process.env.PATH ?? '' }, ownPort };
}
