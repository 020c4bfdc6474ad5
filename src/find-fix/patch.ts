/** Changes of a Deployment: as data, applied to manifests, as a kustomize component, and as flags of `run`. */
import { stringify } from 'yaml';
import type { Deployment } from '../kubernetes-rules/objects.ts';
import { type Manifests, readManifests } from '../manifests/manifests.ts';

export interface DeploymentPatch {
  replicas?: number;
  rollingUpdate?: { maxSurge: number; maxUnavailable: number };
  graceSeconds?: number;
  preStopSeconds?: number;
  /** Of the first container. */
  env?: Record<string, string>;
}

export function mergePatches(patches: readonly DeploymentPatch[]): DeploymentPatch {
  const env = Object.assign({}, ...patches.map((patch) => patch.env));
  return Object.assign({}, ...patches, Object.keys(env).length > 0 && { env });
}

/** The manifests with the change made to their Deployment. */
export function applyPatch(manifests: Manifests, patch: DeploymentPatch): Manifests {
  const deployment = structuredClone(manifests.deployment);
  const { spec } = deployment;
  const [container] = spec.template.spec.containers;
  if (patch.replicas !== undefined) spec.replicas = patch.replicas;
  if (patch.rollingUpdate) spec.strategy = { type: 'RollingUpdate', rollingUpdate: patch.rollingUpdate };
  if (patch.graceSeconds !== undefined) spec.template.spec.terminationGracePeriodSeconds = patch.graceSeconds;
  if (patch.preStopSeconds !== undefined && container) {
    container.lifecycle = { ...container.lifecycle, preStop: { sleep: { seconds: patch.preStopSeconds } } };
  }
  for (const [name, value] of Object.entries(patch.env ?? {})) setVariable(container, name, value);
  const others = manifests.objects.filter((object) => object.kind !== 'Deployment');
  const yaml = [...others, deployment].map((object) => stringify(object)).join('---\n');
  return readManifests(yaml, manifests.source);
}

type Container = Deployment['spec']['template']['spec']['containers'][number];

function setVariable(container: Container | undefined, name: string, value: string): void {
  if (!container) return;
  const others = (container.env ?? []).filter((variable) => variable.name !== name);
  container.env = [...others, { name, value }];
}

/** The change as a component to list in a kustomization's `components`. */
export function componentOf(deployment: Deployment, patch: DeploymentPatch): string {
  const container = deployment.spec.template.spec.containers[0]?.name;
  const { replicas, rollingUpdate, graceSeconds, preStopSeconds, env } = patch;
  const containerPatch = {
    ...(preStopSeconds !== undefined && { lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } } }),
    ...(env && { env: Object.entries(env).map(([name, value]) => ({ name, value })) }),
  };
  const podSpec = {
    ...(graceSeconds !== undefined && { terminationGracePeriodSeconds: graceSeconds }),
    ...(Object.keys(containerPatch).length > 0 && { containers: [{ name: container, ...containerPatch }] }),
  };
  const body = stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: deployment.metadata.name },
    spec: {
      ...(replicas !== undefined && { replicas }),
      // Replaced whole: merged into Recreate, the fields of a rolling update would be refused.
      ...(rollingUpdate && { strategy: { $patch: 'replace', type: 'RollingUpdate', rollingUpdate } }),
      ...(Object.keys(podSpec).length > 0 && { template: { spec: podSpec } }),
    },
  });
  return stringify(
    {
      apiVersion: 'kustomize.config.k8s.io/v1alpha1',
      kind: 'Component',
      patches: [{ patch: body }],
    },
    { blockQuote: 'literal' },
  );
}

/** The change as flags of `run`, which have no word for an environment. */
export function flagsOf({ replicas, rollingUpdate, graceSeconds, preStopSeconds }: DeploymentPatch): string {
  return [
    ...(replicas === undefined ? [] : [`--replicas ${replicas}`]),
    ...(rollingUpdate === undefined
      ? []
      : [`--max-surge ${rollingUpdate.maxSurge} --max-unavailable ${rollingUpdate.maxUnavailable}`]),
    ...(graceSeconds === undefined ? [] : [`--grace ${graceSeconds}`]),
    ...(preStopSeconds === undefined ? [] : [`--pre-stop ${preStopSeconds}`]),
  ].join(' ');
}
