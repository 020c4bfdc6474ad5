/** Changes a workload: its pod template or its number of replicas. */
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { apiError, type KubernetesApi } from './api.ts';
import type { WorkloadReference } from './workload.ts';

/** A readiness gate whose condition nobody sets: the pods run, but are never ready. */
export const NEVER_READY = 'k8s-rollout-test/never-ready';

/**
 * Applies a strategic merge patch to the spec.
 * @param doing for the message if it is refused: "restart"
 * @returns the new generation of the spec
 * @throws EnvironmentError if the API server refuses it
 */
export async function patchWorkload(
  api: KubernetesApi,
  { kind, name, namespace }: WorkloadReference,
  spec: object,
  doing: string,
): Promise<number> {
  const patch = { name, namespace, body: { spec } };
  const how = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);
  try {
    const { metadata } = await patchOf(api, kind)(patch, how);
    return metadata?.generation ?? 0;
  } catch (error) {
    throw apiError(error, `${doing} the ${kind} ${name}`, api);
  }
}

function patchOf({ apps }: KubernetesApi, kind: WorkloadReference['kind']) {
  switch (kind) {
    case 'Deployment':
      return apps.patchNamespacedDeployment.bind(apps);
    case 'StatefulSet':
      return apps.patchNamespacedStatefulSet.bind(apps);
    case 'DaemonSet':
      return apps.patchNamespacedDaemonSet.bind(apps);
  }
}

/** The part of a spec that sets an annotation of the pods; null removes it. */
export function podAnnotation(key: string, value: string | null): object {
  return { template: { metadata: { annotations: { [key]: value } } } };
}

/** The part of a spec that sets the pods' readiness gates; null removes them. */
export function readinessGates(gates: readonly object[] | null): object {
  return { template: { spec: { readinessGates: gates } } };
}
