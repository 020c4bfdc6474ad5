/** The namespaces that trials run in: made fresh, labelled so that they can be found again, and taken away. */
import { randomBytes } from 'node:crypto';
import { ApiException, type V1Namespace } from '@kubernetes/client-node';
import { EnvironmentError } from '../../errors.ts';
import { delay } from '../../timers.ts';
import { itemsOf } from './answer.ts';
import { apiError, apiStatus, FIELD_MANAGER, type KubernetesApi, unlessAborted } from './api.ts';
import { isGone, parseOwner, thisOwner } from './namespace-owner.ts';

const MANAGED_BY = { 'app.kubernetes.io/managed-by': FIELD_MANAGER };
const OWNER = 'k8s-rollout-test/owner';
/** A trial takes minutes. What is older was probably left, but only whoever made it knows. */
const PROBABLY_LEFT_MS = 2 * 60 * 60_000;
const DELETION_LIMIT_MS = 120_000;
/** For how long an API server is asked again that does not answer, or is too busy. */
const AWAY_LIMIT_MS = 10_000;
/** How long an interrupted program waits for a creation that is under way. */
const CREATION_ENDS_MS = 3000;
const HOUR_MS = 60 * 60_000;

/**
 * Makes a namespace that enforces the restricted Pod Security Standard. When that fails or is aborted, it is taken away.
 * @returns its name: the prefix and something random
 */
export async function createNamespace(
  api: KubernetesApi,
  prefix: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  const creation = api.core.createNamespace({
    body: {
      metadata: {
        name,
        labels: { ...MANAGED_BY, 'pod-security.kubernetes.io/enforce': 'restricted' },
        annotations: { [OWNER]: JSON.stringify(thisOwner()) },
      },
    },
  });
  try {
    await unlessAborted(signal, creation);
    await unlessAborted(signal, serviceAccount(api, name));
  } catch (error) {
    const kept = await removeFailed(api, name, creation);
    signal.throwIfAborted();
    const { message } = apiError(error, `create the namespace ${name}`, api);
    throw new EnvironmentError(`${message}${kept}`, { cause: error });
  }
  return name;
}

/** Deletes a namespace that may have been made. Returns a hint for the user where that fails, else nothing. */
async function removeFailed(api: KubernetesApi, name: string, creation: Promise<unknown>): Promise<string> {
  const made = await Promise.race([creation.then(() => 'made', reasonOf), delay(CREATION_ENDS_MS, 'unknown')]);
  // Only a refusal says that it was not made; an answer that was late or lost does not.
  if (made === 'refused') return '';
  return deleteNamespace(api, name).then(
    () => '',
    () => `; it may have been made: kubectl delete namespace ${name}`,
  );
}

function reasonOf(error: unknown): string {
  return error instanceof ApiException ? 'refused' : 'unknown';
}

/** Pods are refused until the namespace's default service account is there, which is made a moment later. */
async function serviceAccount(api: KubernetesApi, namespace: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await api.core.readNamespacedServiceAccount({ name: 'default', namespace });
      return;
    } catch (error) {
      if (apiStatus(error) !== 404) throw error;
    }
    await delay(100);
  }
  throw new EnvironmentError(`the namespace ${namespace} got no default service account within 10 s`);
}

/**
 * Deletes a namespace and waits until it is gone. Its pods get no grace period: the trial is over.
 * @throws EnvironmentError that names it when it is still there after two minutes, or that cannot be found out
 */
export async function deleteNamespace(api: KubernetesApi, name: string): Promise<void> {
  const endMs = performance.now() + DELETION_LIMIT_MS;
  let answeredMs = performance.now();
  for (let isAskedFor = false; ; ) {
    try {
      if (!isAskedFor) await api.core.deleteNamespace({ name });
      isAskedFor = true;
      // Again and again: a controller may have made another one in between.
      await api.core.deleteCollectionNamespacedPod({ namespace: name, gracePeriodSeconds: 0 });
      await api.core.readNamespace({ name });
      answeredMs = performance.now();
    } catch (error) {
      const status = apiStatus(error);
      if (status === 404) return;
      const passes = status === undefined || status === 409 || status === 429 || status >= 500;
      if (!passes || performance.now() - answeredMs > AWAY_LIMIT_MS) {
        const { message } = apiError(error, `delete the namespace ${name}`, api);
        throw new EnvironmentError(`${message}; later: kubectl delete namespace ${name}`, { cause: error });
      }
    }
    if (performance.now() > endMs) {
      throw new EnvironmentError(
        `the namespace ${name} is still there after ${DELETION_LIMIT_MS / 1000} s: kubectl delete namespace ${name}`,
      );
    }
    await delay(500);
  }
}

export interface LeftNamespaces {
  /** Namespaces that killed runs of this machine had left, and that were deleted now. */
  deleted: string[];
  /** A sentence for each old namespace whose run may still be alive on another machine. */
  doubtful: string[];
}

/** Takes away what earlier runs have left behind because they were killed, and names what only may be left. */
export async function deleteLeftNamespaces(api: KubernetesApi): Promise<LeftNamespaces> {
  const labelSelector = Object.entries(MANAGED_BY)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  let items: V1Namespace[];
  try {
    items = itemsOf(await api.core.listNamespace({ labelSelector }), 'namespaces');
  } catch (error) {
    throw apiError(error, 'list namespaces', api);
  }
  const left = judgeNamespaces(items, Date.now());
  await Promise.all(left.deleted.map((name) => deleteNamespace(api, name)));
  return left;
}

/** Which of this program's namespaces are surely left, and which only may be. */
export function judgeNamespaces(namespaces: readonly V1Namespace[], nowMs: number, here = thisOwner()): LeftNamespaces {
  const left: LeftNamespaces = { deleted: [], doubtful: [] };
  for (const { metadata } of namespaces) {
    const { name, annotations, creationTimestamp, deletionTimestamp } = metadata ?? {};
    if (name === undefined || deletionTimestamp) continue;
    const owner = parseOwner(annotations?.[OWNER]);
    const ageMs = nowMs - new Date(creationTimestamp ?? nowMs).getTime();
    if (owner && isGone(owner, here)) left.deleted.push(name);
    else if (ageMs > PROBABLY_LEFT_MS) {
      const by = owner ? `a run on ${owner.host}` : 'an unknown run';
      left.doubtful.push(
        `namespace ${name} is ${Math.floor(ageMs / HOUR_MS)} h old, made by ${by}; if that has ended: kubectl delete namespace ${name}`,
      );
    }
  }
  return left;
}
