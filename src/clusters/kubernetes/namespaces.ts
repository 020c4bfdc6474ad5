/** The namespaces of trials: created with a label by which they can be found again, and deleted. */
import { randomBytes } from 'node:crypto';
import { ApiException, type V1Namespace } from '@kubernetes/client-node';
import { EnvironmentError } from '../../errors.ts';
import { delay } from '../../timers.ts';
import { itemsOf } from './answer.ts';
import { apiError, apiStatus, FIELD_MANAGER, type KubernetesApi, unlessAborted } from './api.ts';
import { isGone, parseOwner, thisOwner } from './namespace-owner.ts';

const MANAGED_BY = { 'app.kubernetes.io/managed-by': FIELD_MANAGER };
const OWNER = 'k8s-rollout-test/owner';
/** A trial takes minutes. An older namespace was probably left behind, but only its owner can know. */
const PROBABLY_LEFT_MS = 2 * 60 * 60_000;
const DELETION_LIMIT_MS = 120_000;
/** For how long to retry if the API server does not respond or is too busy. */
const AWAY_LIMIT_MS = 10_000;
/** How long an interrupted program waits for a creation in progress. */
const CREATION_ENDS_MS = 3000;
const HOUR_MS = 60 * 60_000;

/**
 * Creates a namespace that enforces a Pod Security Standard, by default the restricted one. If that fails or is aborted, the namespace is
 * deleted.
 * @returns its name: the prefix and a random suffix
 * @throws EnvironmentError if it cannot be created; the signal's reason if aborted
 */
export async function createNamespace(
  api: KubernetesApi,
  prefix: string,
  signal: AbortSignal = new AbortController().signal,
  standard: 'restricted' | 'privileged' = 'restricted',
): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  const creation = api.core.createNamespace({
    body: {
      metadata: {
        name,
        labels: { ...MANAGED_BY, 'pod-security.kubernetes.io/enforce': standard },
        annotations: { [OWNER]: JSON.stringify(thisOwner()) },
      },
    },
  });
  try {
    await unlessAborted(signal, creation);
    await unlessAborted(signal, serviceAccount(api, name));
  } catch (error) {
    const hint = await removeFailed(api, name, creation);
    signal.throwIfAborted();
    const { message } = apiError(error, `create the namespace ${name}`, api);
    throw new EnvironmentError(`${message}${hint}`, { cause: error });
  }
  return name;
}

/**
 * Deletes a namespace that may have been created. Returns a hint for the user if that fails, otherwise an empty string.
 */
async function removeFailed(api: KubernetesApi, name: string, creation: Promise<unknown>): Promise<string> {
  const made = await Promise.race([creation.then(() => 'made', reasonOf), delay(CREATION_ENDS_MS, 'unknown')]);
  // Only a refusal means that it was not created. A late or lost response does not.
  if (made === 'refused') return '';
  return deleteNamespace(api, name).then(
    () => '',
    () => `; it may have been created: kubectl delete namespace ${name}`,
  );
}

function reasonOf(error: unknown): string {
  return error instanceof ApiException ? 'refused' : 'unknown';
}

/**
 * Waits for the namespace's default service account, which is created a moment later. Pods are rejected before that.
 */
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
 * Deletes a namespace and waits until it is gone. Its pods get no grace period, because the trial is over.
 * @throws EnvironmentError that names it if it still exists after two minutes, or if its state is unknown
 */
export async function deleteNamespace(api: KubernetesApi, name: string): Promise<void> {
  const endMs = performance.now() + DELETION_LIMIT_MS;
  let answeredMs = performance.now();
  for (let isAskedFor = false; ; ) {
    try {
      if (!isAskedFor) await api.core.deleteNamespace({ name });
      isAskedFor = true;
      // Repeat this, because a controller may have created another pod in between.
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
        `the namespace ${name} still exists after ${DELETION_LIMIT_MS / 1000} s: kubectl delete namespace ${name}`,
      );
    }
    await delay(500);
  }
}

export interface LeftNamespaces {
  /** Namespaces that killed runs of this machine had left behind, and that have now been deleted. */
  deleted: string[];
  /** A sentence for each old namespace whose run may still be alive on another machine. */
  doubtful: string[];
}

/** Deletes what killed runs have left behind, and reports what may have been left behind. */
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

/** Which of this program's namespaces were definitely left behind, and which may have been. */
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
        `namespace ${name} is ${Math.floor(ageMs / HOUR_MS)} h old, created by ${by}; if that run has ended: kubectl delete namespace ${name}`,
      );
    }
  }
  return left;
}
