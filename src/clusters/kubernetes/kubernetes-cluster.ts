/** A real cluster: each trial runs in a namespace of its own, is observed through the API, and is cleaned up. */
import { setMaxListeners } from 'node:events';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { ProgramError } from '../../errors.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import type { ClusterRecord } from '../../trace/cluster-record.ts';
import type { Cluster, Deployed, DeployOptions, Target } from '../cluster.ts';
import { apiError, FIELD_MANAGER, type KubernetesApi, unlessAborted } from './api.ts';
import { createNamespace, deleteNamespace } from './namespaces.ts';
import { objectsFor, serviceUrl } from './objects.ts';
import { Observer } from './observer.ts';

/**
 * Pods are in their EndpointSlices before every router has read those. A rollout must not begin before all routers know
 * them.
 */
const ROUTERS_SETTLE_MS = 2000;
const ROLLOUT_ANNOTATION = 'k8s-rollout-test/rollout';

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
    const namespace = await createNamespace(api, namespacePrefix, options.signal);
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
  readonly disruption = 'rollout';
  readonly #namespace: string;
  readonly #options: DeployOptions;
  readonly #cluster: KubernetesClusterOptions;
  readonly #observer: Observer;
  readonly #watching = new AbortController();
  #url = '';
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
      readsAppLog: true,
      signal: this.#watching.signal,
      ...(options.onEvent ? { onEvent: options.onEvent } : {}),
    });
  }

  get target(): Target {
    if (this.#cluster.url !== undefined) return { kind: 'url', url: this.#url };
    return {
      kind: 'service',
      url: this.#url,
      namespace: this.#namespace,
      clockOffset: (pod) => this.#observer.clocks.of(pod),
    };
  }

  async start(): Promise<void> {
    const { api, url } = this.#cluster;
    const { signal } = this.#options;
    await unlessAborted(signal, this.#observer.start());
    for (const object of objectsFor(this.#options.manifests, { ...this.#cluster, namespace: this.#namespace })) {
      signal.throwIfAborted();
      try {
        const force = true;
        await unlessAborted(
          signal,
          api.objects.patch(object, undefined, undefined, FIELD_MANAGER, force, PatchStrategy.ServerSideApply),
        );
      } catch (error) {
        signal.throwIfAborted();
        throw apiError(error, `apply the ${object.kind} of ${this.#options.manifests.source}`, api);
      }
    }
    this.#url = await unlessAborted(signal, serviceUrl(api, this.#namespace, this.#options.manifests, url));
    const { replicas } = effectiveStrategy(this.#options.manifests.workload);
    await this.#observer.until('become ready', signal, () => this.#observer.pods.serving(replicas));
    await this.#observer.pause(ROUTERS_SETTLE_MS, signal);
  }

  async disrupt(): Promise<void> {
    const { api } = this.#cluster;
    const { manifests, signal } = this.#options;
    const { name } = manifests.workload.metadata;
    const { replicas } = effectiveStrategy(manifests.workload);
    this.#observer.beginRollout();
    const annotations = { [ROLLOUT_ANNOTATION]: new Date().toISOString() };
    try {
      await unlessAborted(
        signal,
        api.apps.patchNamespacedDeployment(
          { name, namespace: this.#namespace, body: { spec: { template: { metadata: { annotations } } } } },
          setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
        ),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw apiError(error, `change the Deployment ${name}`, api);
    }
    await this.#observer.until('finish the rollout', signal, () => this.#observer.pods.rolledOut(replicas));
  }

  remove(): Promise<void> {
    this.#watching.abort();
    this.#removal ??= deleteNamespace(this.#cluster.api, this.#namespace);
    return this.#removal;
  }

  record(): ClusterRecord {
    return this.#observer.record();
  }
}

/** The first error, with the message of the second appended, because that one says what was not cleaned up. */
function bothErrors(first: unknown, second: unknown): unknown {
  if (!(first instanceof ProgramError) || !(second instanceof Error)) return first;
  return new ProgramError(`${first.message}; ${second.message}`, first.exitCode, { cause: first });
}
