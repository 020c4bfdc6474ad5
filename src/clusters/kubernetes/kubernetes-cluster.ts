/** A real cluster: each trial runs in a namespace of its own, is observed through the API, and is cleaned up. */
import { setMaxListeners } from 'node:events';
import { PatchStrategy } from '@kubernetes/client-node';
import { ProgramError } from '../../errors.ts';
import type { GatewayTraffic } from '../../gateways/attempts.ts';
import type { ClusterGateway } from '../../gateways/way.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import type { KubernetesObject } from '../../kubernetes-rules/written-objects.ts';
import type { ClusterRecord } from '../../trace/cluster-record.ts';
import type { DisruptionOutcome, PlannedDisruption } from '../../trace/disruption.ts';
import type { Cluster, Deployed, DeployOptions, Target } from '../cluster.ts';
import { assertPossible } from '../possible-disruption.ts';
import { apiError, FIELD_MANAGER, type KubernetesApi, unlessAborted } from './api.ts';
import { type CleanUp, cleanUp } from './clean-up.ts';
import type { DisruptedWorkload, Wait } from './disrupted-workload.ts';
import { carryOut, prepare } from './disruption.ts';
import type { Controller } from './gateways/controller.ts';
import { ControllerGateway } from './gateways/controller-gateway.ts';
import { NamespaceGateway } from './gateways/namespace-gateway.ts';
import { GATEWAY_NAME } from './gateways/objects.ts';
import { routeHost } from './gateways/route-objects.ts';
import { createNamespace, deleteNamespace } from './namespaces.ts';
import { type ApplicableObject, objectsFor, prefixed, serviceAddress, serviceUrl } from './objects.ts';
import { Observer } from './observer.ts';
import { inNamespace } from './own-objects.ts';
import type { ViewedRouter } from './workload-pods.ts';

/**
 * Pods are in their EndpointSlices before every router has read those. A rollout must not begin before all routers know
 * them.
 */
const ROUTERS_SETTLE_MS = 2000;
const ROLLOUT_ANNOTATION = 'k8s-rollout-test/rollout';
/** An image with Node for the script that tells a gateway of endpoints: the one that the overlays use. */
const FEED_IMAGE = 'k8s-rollout-test-node:local';
/** The same for the user's own objects, with which no image of the overlays comes. */
const OFFICIAL_FEED_IMAGE = 'node:26.10.0-slim';

export interface KubernetesClusterOptions {
  api: KubernetesApi;
  /** Names of namespaces are this prefix and a random suffix. */
  namespacePrefix: string;
  /** The registry and path of the images, without their names. */
  imagePrefix?: string;
  /**
   * If set, load comes from this machine to this URL, in which {nodePort} is replaced by that of the Service; otherwise
   * from within the cluster.
   */
  url?: string;
  /**
   * The user's own objects, to be applied instead of all objects of the manifests, in a namespace that allows what they
   * need. Their server is not expected to write a lifecycle log or to report its time.
   */
  ownObjects?: readonly KubernetesObject[];
  /** The load goes through it, one of the trial's own or the user's; by default, to the app's Service. */
  gateway?: ClusterGateway | Controller | undefined;
}

export class KubernetesCluster implements Cluster {
  readonly name: string;
  readonly #options: KubernetesClusterOptions;

  constructor(options: KubernetesClusterOptions) {
    this.name = options.api.context;
    this.#options = options;
  }

  /** @throws ProgramError if the cluster rejects something, or if pods do not become ready */
  async deploy(options: DeployOptions): Promise<Deployed> {
    const { api, namespacePrefix } = this.#options;
    options.signal.throwIfAborted();
    const { workload, source } = options.manifests;
    const { replicas } = effectiveStrategy(workload);
    const name = `${source}: ${workload.kind} "${workload.metadata.name}"`;
    if (options.disruption) assertPossible(options.disruption, { kind: workload.kind, replicas, name });
    const standard = this.#options.ownObjects ? 'privileged' : 'restricted';
    const namespace = await createNamespace(api, namespacePrefix, options.signal, standard);
    const deployed = new KubernetesDeployment(namespace, options, this.#options);
    try {
      await deployed.start();
    } catch (error) {
      await deployed.remove().catch((notRemoved: unknown) => {
        throw bothErrors(error, notRemoved);
      });
      throw error;
    }
    return deployed;
  }
}

class KubernetesDeployment implements Deployed {
  readonly #namespace: string;
  readonly #options: DeployOptions;
  readonly #cluster: KubernetesClusterOptions;
  readonly #observer: Observer;
  readonly #watching = new AbortController();
  readonly #cleanUps: CleanUp[] = [];
  #gateway: NamespaceGateway | ControllerGateway | undefined;
  #url = '';
  /** As in a target. */
  #virtualHost: string | undefined;
  #removal: Promise<void> | undefined;

  constructor(namespace: string, options: DeployOptions, cluster: KubernetesClusterOptions) {
    this.#namespace = namespace;
    this.#options = options;
    this.#cluster = cluster;
    setMaxListeners(0, this.#watching.signal); // three watches, and several listeners for each pod
    this.#observer = new Observer({
      api: cluster.api,
      namespace,
      manifests: options.manifests,
      clock: options.clock,
      readsAppLog: cluster.ownObjects === undefined,
      viewed: viewedGateway(cluster.gateway),
      signal: this.#watching.signal,
      ...(options.onEvent ? { onEvent: options.onEvent } : {}),
    });
  }

  get target(): Target {
    const way = {
      url: this.#url,
      ...(this.#gateway && { perRequest: true }),
      ...(this.#virtualHost !== undefined && { virtualHost: this.#virtualHost }),
    };
    if (this.#cluster.url !== undefined) return { kind: 'url', ...way };
    return {
      kind: 'service',
      ...way,
      namespace: this.#namespace,
      ...(this.#cluster.ownObjects === undefined && {
        clockOffset: (pod: string) => this.#observer.clocks.of(pod),
      }),
    };
  }

  async start(): Promise<void> {
    const { api, url } = this.#cluster;
    const { signal } = this.#options;
    await unlessAborted(signal, this.#observer.start());
    for (const object of this.#objects()) await this.#apply(object);
    const { gateway } = this.#cluster;
    const { name } = this.#options.manifests.service.metadata;
    if (!gateway) this.#url = await unlessAborted(signal, serviceUrl(api, this.#namespace, name, url));
    await this.#settled('become ready');
    if (gateway) await this.#startGateway(gateway, name);
    await prepare(this.#planned, this.#disrupted);
    await this.#observer.pause(ROUTERS_SETTLE_MS, signal);
  }

  /** Once the pods are ready, so that it learns of all of them as it starts. */
  async #startGateway(gateway: ClusterGateway | Controller, name: string): Promise<void> {
    const { api, url, imagePrefix } = this.#cluster;
    const { signal, clock } = this.#options;
    const namespace = this.#namespace;
    const service = { name, ...(await unlessAborted(signal, serviceAddress(api, namespace, name))) };
    const common = {
      api,
      clock,
      signal,
      watching: this.#watching.signal,
      podAt: (address: string, atMs: number) => this.#observer.pods.podAt(address, atMs),
      onDeath: (error: Error) => this.#observer.fail(error),
    };
    if ('parent' in gateway) {
      this.#virtualHost = routeHost(namespace, gateway, url);
      const route = { namespace, host: this.#virtualHost, service };
      const target = url?.replaceAll('{namespace}', namespace);
      this.#gateway = new ControllerGateway({ ...common, controller: gateway, route, url: target });
      this.#url = await this.#gateway.start();
      return;
    }
    const feedImage = this.#cluster.ownObjects ? OFFICIAL_FEED_IMAGE : prefixed(FEED_IMAGE, imagePrefix);
    const placement = { gateway, namespace, service, feedImage, nodePort: url?.includes('{nodePort}') ?? false };
    this.#gateway = new NamespaceGateway({ ...common, placement });
    await this.#gateway.start();
    this.#url = await unlessAborted(signal, serviceUrl(api, namespace, GATEWAY_NAME, url));
  }

  async gatewayTraffic(): Promise<GatewayTraffic> {
    if (!this.#gateway) throw new Error('there is no gateway');
    return this.#gateway.traffic();
  }

  #objects(): readonly ApplicableObject[] {
    const { ownObjects } = this.#cluster;
    const { manifests } = this.#options;
    if (!ownObjects) return objectsFor(manifests, { ...this.#cluster, namespace: this.#namespace });
    return ownObjects.map((object) => inNamespace(object, this.#namespace));
  }

  async #apply(object: ApplicableObject): Promise<void> {
    const { api } = this.#cluster;
    const { signal, manifests } = this.#options;
    signal.throwIfAborted();
    try {
      const force = true;
      await unlessAborted(
        signal,
        api.objects.patch(object, undefined, undefined, FIELD_MANAGER, force, PatchStrategy.ServerSideApply),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw apiError(error, `apply the ${object.kind} ${object.metadata.name} of ${manifests.source}`, api);
    }
  }

  get replicas(): number {
    return effectiveStrategy(this.#options.manifests.workload).replicas;
  }

  disrupt(): Promise<DisruptionOutcome> {
    return carryOut(this.#planned, this.#disrupted);
  }

  get #planned(): PlannedDisruption {
    return this.#options.disruption ?? { kind: 'rollout' };
  }

  get #disrupted(): DisruptedWorkload {
    const { manifests, signal } = this.#options;
    const { kind, metadata } = manifests.workload;
    return {
      api: this.#cluster.api,
      reference: { kind, name: metadata.name, namespace: this.#namespace },
      manifests,
      signal,
      observer: this.#observer,
      annotation: ROLLOUT_ANNOTATION,
      replicas: this.replicas,
      ownsNamespace: true,
      privilegedNamespace: () => this.#privilegedNamespace(),
      cleanUps: this.#cleanUps,
      settled: (what, wait) => this.#settled(what, wait),
    };
  }

  /** The namespace of the trial admits no privileged pod. */
  async #privilegedNamespace(): Promise<string> {
    const { api, namespacePrefix } = this.#cluster;
    const name = await createNamespace(api, `${namespacePrefix}-kill`, this.#options.signal, 'privileged');
    this.#cleanUps.push(() => deleteNamespace(api, name));
    return name;
  }

  #settled(what: string, { replicas = this.replicas, also = () => true }: Wait = {}): Promise<void> {
    const { signal } = this.#options;
    return this.#observer.until(what, replicas, signal, () => this.#observer.pods.serving(replicas) && also());
  }

  remove(): Promise<void> {
    this.#watching.abort();
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    try {
      await cleanUp(this.#cleanUps);
    } finally {
      await deleteNamespace(this.#cluster.api, this.#namespace);
    }
  }

  record(): ClusterRecord {
    const gateway = this.#gateway?.record;
    return { ...this.#observer.record(), ...(gateway && { gateway }) };
  }
}

/** A gateway that sends to the pods is the only router. */
function viewedGateway(gateway: ClusterGateway | Controller | undefined): ViewedRouter | undefined {
  if (!gateway?.kind || !('parent' in gateway || gateway.upstream === 'pods')) return undefined;
  const { controller } = gateway.kind;
  const router = 'parent' in gateway ? gateway.name : gateway.kind.name;
  return { router, choose: (endpoints) => controller.choose(endpoints) };
}

/** The first error, with the message of the second appended, because that one says what was not cleaned up. */
function bothErrors(first: unknown, second: unknown): unknown {
  if (!(first instanceof ProgramError) || !(second instanceof Error)) return first;
  return new ProgramError(`${first.message}; ${second.message}`, first.exitCode, { cause: first });
}
