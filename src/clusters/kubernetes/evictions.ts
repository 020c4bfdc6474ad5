/** Evicts pods through the Eviction API, which honours PodDisruptionBudgets, and cordons nodes. */
import { type ApiException, PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import { EnvironmentError, InputError } from '../../errors.ts';
import { delay } from '../../timers.ts';
import { DRAIN_RETRY_MS, REFUSED_LIMIT_MS } from '../eviction-retry.ts';
import { itemsOf } from './answer.ts';
import { apiError, apiStatus, type KubernetesApi, unlessAborted } from './api.ts';

/** Set on the API server's copy of a static pod. */
const MIRROR = 'kubernetes.io/config.mirror';

/** What an eviction needs of the trial. */
export interface Evicting {
  api: KubernetesApi;
  signal: AbortSignal;
  /** Called for each refusal. */
  onRefused(pod: V1Pod, message: string): void;
}

/**
 * Evicts a pod. If a PodDisruptionBudget refuses that, tries again every 5 s, as `kubectl drain` does.
 * @returns how often it was refused
 * @throws EnvironmentError if it is refused for good
 */
export async function evictPod(pod: V1Pod, { api, signal, onRefused }: Evicting): Promise<number> {
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
  const firstMs = performance.now();
  for (let refused = 0; ; refused++) {
    try {
      await unlessAborted(signal, api.core.createNamespacedPodEviction({ name, namespace, body }));
      return refused;
    } catch (error) {
      signal.throwIfAborted();
      if (apiStatus(error) === 404) return refused; // it is gone already
      const tooLong = performance.now() - firstMs > REFUSED_LIMIT_MS;
      if (apiStatus(error) !== 429 || tooLong) throw apiError(error, `evict the pod ${name}`, api);
      onRefused(pod, reasonOf(error as ApiException<unknown>));
      await delay(DRAIN_RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** "429 Too Many Requests", with the cause that names the budget, if the API server gives one. */
function reasonOf({ body }: ApiException<unknown>): string {
  const status = (typeof body === 'string' ? parsed(body) : body) as
    | { message?: unknown; details?: { causes?: { message?: unknown }[] } }
    | undefined;
  const causes = (status?.details?.causes ?? []).map(({ message }) => message);
  const words = [status?.message, ...causes].filter((text) => typeof text === 'string');
  return ['429 Too Many Requests', ...words].join(': ');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // text
  }
}

/**
 * Marks a node as unschedulable, or as schedulable again.
 * @returns whether it was marked so before
 */
export async function cordonNode(api: KubernetesApi, name: string, unschedulable: boolean): Promise<boolean> {
  try {
    const before = await api.core.readNode({ name });
    if ((before.spec?.unschedulable ?? false) === unschedulable) return true;
    const how = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);
    await api.core.patchNode({ name, body: { spec: { unschedulable: unschedulable || null } } }, how);
    return false;
  } catch (error) {
    if (apiStatus(error) === 404) throw new InputError(`--event drain=${name}: no node ${name} on ${api.context}`);
    throw apiError(error, `${unschedulable ? 'cordon' : 'uncordon'} the node ${name}`, api);
  }
}

/**
 * The pods of a node that `kubectl drain --ignore-daemonsets --delete-emptydir-data` evicts, in all namespaces.
 * @throws EnvironmentError for a pod without a controller, which nothing would replace
 */
export async function podsToDrain(api: KubernetesApi, node: string): Promise<V1Pod[]> {
  const fieldSelector = `spec.nodeName=${node}`;
  const listed = api.core.listPodForAllNamespaces({ fieldSelector }).then((answer) => itemsOf<V1Pod>(answer, 'pods'));
  const all = await listed.catch((error: unknown) => {
    throw apiError(error, `list the pods of node ${node}`, api);
  });
  const pods = all.filter(({ metadata }) => {
    const isMirror = metadata?.annotations?.[MIRROR] !== undefined;
    return !isMirror && controllerOf(metadata) !== 'DaemonSet';
  });
  const stray = pods.find(({ metadata, status }) => !controllerOf(metadata) && !hasEnded(status));
  if (!stray) return pods;
  throw new EnvironmentError(
    `--event drain=${node}: pod ${stray.metadata?.name} in ${stray.metadata?.namespace} has no controller, so nothing would replace it; kubectl drain refuses that too`,
  );
}

function controllerOf(metadata: V1Pod['metadata']): string | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller)?.kind;
}

function hasEnded(status: V1Pod['status']): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
