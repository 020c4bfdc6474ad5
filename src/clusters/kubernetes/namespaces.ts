/** The namespaces that trials run in: made fresh, labelled so that they can be found again, and taken away. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { EnvironmentError } from '../../errors.ts';
import { delay } from '../../timers.ts';
import { apiError, apiStatus, FIELD_MANAGER, type KubernetesApi } from './api.ts';

const MANAGED_BY = { 'app.kubernetes.io/managed-by': FIELD_MANAGER };
const OWNER = 'k8s-rollout-test/owner';
/** Another machine's process cannot be asked whether it lives; no trial's namespace is as old as this. */
const SURELY_LEFT_MS = 2 * 60 * 60_000;
const DELETION_LIMIT_MS = 120_000;

const Owner = z.object({ host: z.string(), pid: z.int(), start: z.string() });
type Owner = z.infer<typeof Owner>;

/**
 * Makes a namespace that enforces the restricted Pod Security Standard.
 * @returns its name: the prefix and something random
 */
export async function createNamespace(api: KubernetesApi, prefix: string): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  const self: Owner = { host: hostname(), pid: process.pid, start: startOf(process.pid) };
  try {
    await api.core.createNamespace({
      body: {
        metadata: {
          name,
          labels: { ...MANAGED_BY, 'pod-security.kubernetes.io/enforce': 'restricted' },
          annotations: { [OWNER]: JSON.stringify(self) },
        },
      },
    });
    await serviceAccount(api, name);
  } catch (error) {
    throw apiError(error, `create the namespace ${name}`, api);
  }
  return name;
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
 * @throws EnvironmentError when it is still there after two minutes
 */
export async function deleteNamespace(api: KubernetesApi, name: string): Promise<void> {
  const endMs = performance.now() + DELETION_LIMIT_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      if (attempt === 0) await api.core.deleteNamespace({ name });
      // Again and again: a controller may have made another one in between.
      await api.core.deleteCollectionNamespacedPod({ namespace: name, gracePeriodSeconds: 0 });
      await api.core.readNamespace({ name });
    } catch (error) {
      if (apiStatus(error) === 404) return;
      if (apiStatus(error) !== 409) throw apiError(error, `delete the namespace ${name}`, api);
    }
    if (performance.now() > endMs) {
      throw new EnvironmentError(
        `the namespace ${name} is still there after ${DELETION_LIMIT_MS / 1000} s: kubectl delete namespace ${name}`,
      );
    }
    await delay(500);
  }
}

/** Takes away what earlier runs have left behind because they were killed. Returns the namespaces' names. */
export async function deleteLeftNamespaces(api: KubernetesApi): Promise<string[]> {
  const labelSelector = Object.entries(MANAGED_BY)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  let left: string[];
  try {
    const { items } = await api.core.listNamespace({ labelSelector });
    left = items
      .filter(({ metadata }) => isLeft(metadata?.annotations?.[OWNER], metadata?.creationTimestamp))
      .flatMap(({ metadata }) => metadata?.name ?? []);
  } catch (error) {
    throw apiError(error, 'list namespaces', api);
  }
  await Promise.all(left.map((name) => deleteNamespace(api, name)));
  return left;
}

function isLeft(annotation: string | undefined, created: Date | undefined): boolean {
  const owner = Owner.safeParse(parsed(annotation)).data;
  if (owner?.host !== hostname()) return created !== undefined && Date.now() - created.getTime() > SURELY_LEFT_MS;
  return !isRunning(owner);
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? '');
  } catch {
    return undefined; // not of our making
  }
}

function isRunning({ pid, start }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return startOf(pid) === start;
}

/** When a process was started, so that another one with its number is not taken for it; empty where that is not told. */
function startOf(pid: number): string {
  try {
    // The fields after the command, which is in brackets and may hold anything; the 20th of them is the start time.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '';
  } catch {
    return ''; // no /proc on this system
  }
}
