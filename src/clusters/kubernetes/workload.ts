/** Reads an existing workload and the Service in front of it. Read-only. */
import { V1DaemonSet, type V1Deployment, type V1Service, V1StatefulSet } from '@kubernetes/client-node';
import { InputError } from '../../errors.ts';
import { effectiveStrategy } from '../../kubernetes-rules/rounding.ts';
import { matchesLabels } from '../../kubernetes-rules/selectors.ts';
import { type Manifests, manifestsOf } from '../../manifests/manifests.ts';
import { AnswerError, isObject } from './answer.ts';
import { apiError, apiStatus, type KubernetesApi } from './api.ts';

export const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;

const ONLY = 'only a Deployment, a StatefulSet or a DaemonSet can be measured';

export interface WorkloadReference {
  kind: (typeof WORKLOAD_KINDS)[number];
  name: string;
  namespace: string;
}

export type LiveWorkload = V1Deployment | V1StatefulSet | V1DaemonSet;

/** How far the cluster has rolled out a workload. */
export interface WorkloadState {
  /** The current number of desired pods; an autoscaler may change it at any time. */
  replicas: number;
  /** The generation of the spec that the status describes; increases with every change of the spec. */
  observedGeneration: number;
  /** All its pods are up to date and available. */
  complete: boolean;
}

/** @throws InputError if it does not exist, EnvironmentError if the API server does not return it */
export async function readWorkload(api: KubernetesApi, reference: WorkloadReference): Promise<LiveWorkload> {
  const { kind, name, namespace } = reference;
  try {
    const workload = await readerOf(api, kind)({ name, namespace });
    const containers: unknown = workload?.spec?.template?.spec?.containers;
    if (Array.isArray(containers) && containers.every(isObject)) return workload;
    throw new AnswerError(`with something other than a ${kind}`);
  } catch (error) {
    if (apiStatus(error) !== 404) throw apiError(error, `read the ${kind} ${name}`, api);
    const missing = `no ${kind} ${name} in namespace ${namespace} of ${api.context}`;
    throw new InputError(`${missing}${await namesake(api, reference)}`);
  }
}

function readerOf({ apps }: KubernetesApi, kind: WorkloadReference['kind']) {
  switch (kind) {
    case 'Deployment':
      return apps.readNamespacedDeployment.bind(apps);
    case 'StatefulSet':
      return apps.readNamespacedStatefulSet.bind(apps);
    case 'DaemonSet':
      return apps.readNamespacedDaemonSet.bind(apps);
  }
}

/** A hint if a workload of another kind has that name; empty if there is none or if it may not be read. */
async function namesake(api: KubernetesApi, { kind, name, namespace }: WorkloadReference): Promise<string> {
  const batch = api.batch;
  const kinds: [kind: string, read: () => Promise<unknown>, advice: string][] = [
    ['Deployment', () => api.apps.readNamespacedDeployment({ name, namespace }), `name it with --deployment ${name}`],
    [
      'StatefulSet',
      () => api.apps.readNamespacedStatefulSet({ name, namespace }),
      `name it with --statefulset ${name}`,
    ],
    ['DaemonSet', () => api.apps.readNamespacedDaemonSet({ name, namespace }), `name it with --daemonset ${name}`],
    ['Job', () => batch.readNamespacedJob({ name, namespace }), ONLY],
    ['CronJob', () => batch.readNamespacedCronJob({ name, namespace }), ONLY],
  ];
  for (const [other, read, advice] of kinds.filter(([other]) => other !== kind)) {
    const exists = await read().then(
      () => true,
      () => false, // it does not exist or cannot be read, so there is no hint
    );
    if (exists) return `, but there is a ${other} ${name}: ${advice}`;
  }
  return '';
}

/**
 * Rejects a workload whose pods a restart would not replace, before anything is changed.
 * @throws InputError that says what to do instead
 */
export function assertRolls(workload: LiveWorkload, { kind, name, namespace }: WorkloadReference): void {
  const refuse = (why: string, helps: string) => {
    throw new InputError(`${kind} ${name} in ${namespace}: ${why}; ${helps}`);
  };
  if (!isStatefulSet(workload) && !isDaemonSet(workload)) {
    const resume = `run kubectl rollout resume deployment/${name} -n ${namespace} first`;
    if (workload.spec?.paused) refuse('it is paused, so a restart would replace no pod', resume);
    return;
  }
  const trigger = 'use --trigger with the command that replaces its pods';
  if (workload.spec?.updateStrategy?.type === 'OnDelete') {
    refuse('its updateStrategy is OnDelete, so a restart would replace no pod', trigger);
  }
  if (!isStatefulSet(workload)) return;
  const { replicas = 1, updateStrategy } = workload.spec ?? {};
  const partition = updateStrategy?.rollingUpdate?.partition ?? 0;
  if (partition > 0 && partition >= replicas) {
    refuse(
      `its updateStrategy has partition ${partition}, so a restart would replace none of its ${replicas} pods`,
      `lower the partition, or ${trigger}`,
    );
  }
}

/** Whether the Deployment controller has given up on its rollout. Source: progressing condition of a Deployment. */
export function exceededDeadline({ status }: LiveWorkload): boolean {
  const conditions = (status as { conditions?: { type: string; reason?: string }[] } | undefined)?.conditions ?? [];
  return conditions.some(({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded');
}

/** Source: the condition that `kubectl rollout status` waits for (kubectl/pkg/polymorphichelpers/rollout_status.go). */
export function workloadState(workload: LiveWorkload): WorkloadState {
  if (isDaemonSet(workload)) return daemonSetState(workload);
  const { metadata, spec, status } = workload;
  const replicas = spec?.replicas ?? 1;
  const observedGeneration = status?.observedGeneration ?? 0;
  const seen = observedGeneration >= (metadata?.generation ?? 0);
  const counted = [status?.replicas, status?.availableReplicas].every((count) => (count ?? 0) === replicas);
  return { replicas, observedGeneration, complete: seen && counted && isUpdated(workload, replicas) };
}

/** With OnDelete its outdated pods stay. */
function daemonSetState({ metadata, spec, status }: V1DaemonSet): WorkloadState {
  const replicas = status?.desiredNumberScheduled ?? 0;
  const observedGeneration = status?.observedGeneration ?? 0;
  const seen = observedGeneration >= (metadata?.generation ?? 0);
  const updated = spec?.updateStrategy?.type === 'OnDelete' || (status?.updatedNumberScheduled ?? 0) === replicas;
  const available = (status?.numberAvailable ?? 0) === replicas;
  return { replicas, observedGeneration, complete: seen && updated && available };
}

/** Whether all pods that the controller replaces on its own are up to date. */
function isUpdated(workload: V1Deployment | V1StatefulSet, replicas: number): boolean {
  const updated = workload.status?.updatedReplicas ?? 0;
  if (!isStatefulSet(workload)) return updated === replicas;
  const { type, rollingUpdate } = workload.spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return true;
  const partition = rollingUpdate?.partition ?? 0;
  if (partition > 0) return updated >= replicas - partition;
  return updated === replicas && workload.status?.currentRevision === workload.status?.updateRevision;
}

function isStatefulSet(workload: LiveWorkload): workload is V1StatefulSet {
  return workload instanceof V1StatefulSet || 'serviceName' in (workload.spec ?? {});
}

function isDaemonSet(workload: LiveWorkload): workload is V1DaemonSet {
  return workload instanceof V1DaemonSet || 'desiredNumberScheduled' in (workload.status ?? {});
}

/**
 * The Service whose EndpointSlices are watched: the named one, or the only one that selects the workload's pods. A
 * Service with a cluster IP is preferred to a headless one.
 * @throws InputError if there is none, or more than one to choose from
 */
export function serviceOf(
  workload: LiveWorkload,
  services: readonly V1Service[],
  named: string | undefined,
  reference: WorkloadReference,
): V1Service {
  const { kind, name, namespace } = reference;
  const labels = workload.spec?.template.metadata?.labels ?? {};
  const selecting = services.filter(({ spec }) => matchesLabels(spec?.selector, labels));
  const nameOf = (service: V1Service) => service.metadata?.name ?? '';
  if (named !== undefined) {
    const found = selecting.find((service) => nameOf(service) === named);
    if (found) return found;
    throw new InputError(
      `--service ${named}: no Service of that name in namespace ${namespace} selects the pods of ${kind} ${name}`,
    );
  }
  const addressed = selecting.filter(({ spec }) => spec?.clusterIP !== 'None');
  const [service, other] = addressed.length > 0 ? addressed : selecting;
  if (!service) throw new InputError(`no Service in namespace ${namespace} selects the pods of ${kind} ${name}`);
  if (other) {
    const names = (addressed.length > 0 ? addressed : selecting).map(nameOf).join(', ');
    throw new InputError(`several Services select the pods of ${kind} ${name}: choose one with --service: ${names}`);
  }
  return service;
}

/**
 * The live objects in the form of manifests.
 * @throws InputError if their rollout cannot be measured
 */
export function liveManifests(workload: LiveWorkload, service: V1Service, reference: WorkloadReference): Manifests {
  const { kind, name, namespace } = reference;
  const source = `${kind} ${name} in ${namespace}`;
  const objects = [
    { apiVersion: 'apps/v1', kind, metadata: { name, namespace }, spec: workload.spec },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: service.metadata?.name, namespace }, spec: service.spec },
  ];
  const manifests = manifestsOf(objects, source);
  if (effectiveStrategy(manifests.workload, workloadState(workload).replicas).replicas === 0) {
    throw new InputError(
      `${source}: has no ${kind === 'DaemonSet' ? 'pods' : 'replicas'}, so there is nothing to roll out`,
    );
  }
  return manifests;
}
