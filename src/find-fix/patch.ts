/** Changes to a workload: as data, applied to manifests, as a kustomize component, and as flags of `run`. */
import type { Workload } from '../kubernetes-rules/objects.ts';
import type * as Written from '../kubernetes-rules/written-objects.ts';
import { type Manifests, withWorkload } from '../manifests/manifests.ts';
import { yamlText } from '../yaml-text.ts';

export interface WorkloadPatch {
  replicas?: number;
  /** A StatefulSet has no maxSurge. */
  rollingUpdate?: { maxSurge?: number; maxUnavailable: number };
  graceSeconds?: number;
  preStopSeconds?: number;
  /** The first container's environment. */
  env?: Record<string, string>;
}

export function mergePatches(patches: readonly WorkloadPatch[]): WorkloadPatch {
  const env = Object.assign({}, ...patches.map((patch) => patch.env));
  return Object.assign({}, ...patches, Object.keys(env).length > 0 && { env });
}

/** The manifests with the changed workload. */
export function applyPatch(manifests: Manifests, patch: WorkloadPatch): Manifests {
  return withWorkload(manifests, (written) => {
    const workload = structuredClone(written);
    const { spec } = workload;
    const [container] = spec.template.spec.containers;
    if (patch.replicas !== undefined && workload.kind !== 'DaemonSet') workload.spec.replicas = patch.replicas;
    if (patch.rollingUpdate) {
      const strategy = { type: 'RollingUpdate', rollingUpdate: patch.rollingUpdate };
      if (workload.kind === 'Deployment') workload.spec.strategy = strategy;
      else workload.spec.updateStrategy = strategy;
    }
    if (patch.graceSeconds !== undefined) spec.template.spec.terminationGracePeriodSeconds = patch.graceSeconds;
    if (patch.preStopSeconds !== undefined && container) {
      container.lifecycle = { ...container.lifecycle, preStop: { sleep: { seconds: patch.preStopSeconds } } };
    }
    for (const [name, value] of Object.entries(patch.env ?? {})) setVariable(container, name, value);
    return workload;
  });
}

function setVariable(container: Written.Container | undefined, name: string, value: string): void {
  if (!container) return;
  const others = (container.env ?? []).filter((variable) => variable.name !== name);
  container.env = [...others, { name, value }];
}

/** The change as a component, to be listed under `components` in a kustomization. */
export function componentOf({ kind, metadata, spec }: Workload, patch: WorkloadPatch): string {
  const { replicas, rollingUpdate, graceSeconds, preStopSeconds, env } = patch;
  const containerPatch = {
    ...(preStopSeconds !== undefined && { lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } } }),
    ...(env && { env: Object.entries(env).map(([name, value]) => ({ name, value })) }),
  };
  const podSpec = {
    ...(graceSeconds !== undefined && { terminationGracePeriodSeconds: graceSeconds }),
    ...(Object.keys(containerPatch).length > 0 && {
      containers: [{ name: spec.template.spec.containers[0].name, ...containerPatch }],
    }),
  };
  // Replaced as a whole: the API server refuses rolling-update fields merged into Recreate.
  const strategy = { $patch: 'replace', type: 'RollingUpdate', rollingUpdate };
  const body = yamlText({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: metadata.name },
    spec: {
      ...(replicas !== undefined && { replicas }),
      ...(rollingUpdate && { [kind === 'Deployment' ? 'strategy' : 'updateStrategy']: strategy }),
      ...(Object.keys(podSpec).length > 0 && { template: { spec: podSpec } }),
    },
  });
  return yamlText({
    apiVersion: 'kustomize.config.k8s.io/v1alpha1',
    kind: 'Component',
    patches: [{ patch: body }],
  });
}

/** The change as flags of `run`. There is no flag for the environment. */
export function flagsOf({ replicas, rollingUpdate, graceSeconds, preStopSeconds }: WorkloadPatch): string {
  return [
    ...(replicas === undefined ? [] : [`--replicas ${replicas}`]),
    ...(rollingUpdate === undefined
      ? []
      : [
          ...(rollingUpdate.maxSurge === undefined ? [] : [`--max-surge ${rollingUpdate.maxSurge}`]),
          `--max-unavailable ${rollingUpdate.maxUnavailable}`,
        ]),
    ...(graceSeconds === undefined ? [] : [`--grace ${graceSeconds}`]),
    ...(preStopSeconds === undefined ? [] : [`--pre-stop ${preStopSeconds}`]),
  ].join(' ');
}
