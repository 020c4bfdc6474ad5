/** A workload in the form that the rules evaluate: with Kubernetes' defaults, and with the objects around it. */
import * as z from 'zod';
import { withDefaults } from '../kubernetes-rules/defaults.ts';
import type { Workload as DefaultedWorkload } from '../kubernetes-rules/objects.ts';
import { type EffectiveStrategy, effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import { Container } from '../kubernetes-rules/written-objects.ts';
import type { FieldPath } from '../manifests/yaml-documents.ts';
import { minimumOf } from './autoscalers.ts';
import { asDeployment, type RolloutObject, scaleDownDelaySeconds } from './custom-workloads.ts';
import type { Dockerfile } from './dockerfile.ts';
import type { LocatedObject } from './located-object.ts';
import { indexNeighbours, type Neighbours } from './neighbours.ts';
import {
  type AppsWorkload,
  type CheckedContainer,
  type CheckedObject,
  isWorkload,
  type WorkloadObject,
} from './objects.ts';
import { servingContainers } from './service-ports.ts';
import { type State, stateOf } from './state.ts';

export interface CheckOptions {
  /** The duration of the longest request, in seconds; 0 if not known. */
  longestRequestSeconds: number;
  /** How long the app continues to accept connections after SIGTERM, in seconds. */
  drainDelaySeconds: number;
}

/** The objects around a workload, and the options of the check. */
export interface Context extends Neighbours {
  options: CheckOptions;
  /** The Dockerfile of the first serving container's image. */
  dockerfile?: Dockerfile;
}

export interface WorkloadContainer {
  container: CheckedContainer;
  path: FieldPath;
  /** Native sidecars are init containers with restartPolicy Always. */
  list: 'containers' | 'initContainers';
  /** It receives the requests. */
  serves: boolean;
}

export interface Workload {
  /** As written. */
  object: LocatedObject<WorkloadObject>;
  /** With the API server's defaults; for another project's kind, as the Deployment that it resembles. */
  defaulted: DefaultedWorkload;
  /** For example `Deployment "shop"`. */
  name: string;
  /**
   * - Kubernetes: its own controllers replace the pods
   * - Argo Rollouts, Knative: these do, and the pod template is all that can be judged; Knative also sets the hook, the
   *   probe and the grace period
   * - OpenShift: much as Kubernetes, but with fields of its own, so that there are no patches of its strategy
   */
  controller: 'Kubernetes' | 'Argo Rollouts' | 'Knative' | 'OpenShift';
  /** The lowest number of replicas; undefined for a DaemonSet, which has one pod per node. */
  replicas: number | undefined;
  /** It has 0 replicas and nothing that would scale it up. */
  isOff: boolean;
  rollout: Rollout;
  graceSeconds: number;
  /** How long Argo Rollouts keeps old pods after no traffic is sent to them any more. */
  keepsOldPodsSeconds: number;
  /** The containers and native sidecars. */
  containers: WorkloadContainer[];
  state: State;
  /** Each update is an outage by design, because the only pod holds state. Its other gaps do not matter then. */
  hasPlannedOutage: boolean;
}

export interface Rollout {
  /** Managed: another project's controller decides. */
  type: EffectiveStrategy['type'] | 'Managed';
  /** In pods, rounded as Kubernetes does; undefined if they depend on the number of nodes. */
  maxSurge: number | undefined;
  maxUnavailable: number | undefined;
}

export const POD: FieldPath = ['spec', 'template', 'spec'];

/** Finds the workloads among the objects, each with its context. */
export function workloadsOf(
  objects: readonly LocatedObject<CheckedObject>[],
  options: CheckOptions,
  dockerfile?: Dockerfile,
): { workload: Workload; context: Context }[] {
  const neighboursOf = indexNeighbours(objects);
  return objects.filter(hasPods).map((object) => {
    const context: Context = { ...neighboursOf(object.value), options, ...(dockerfile && { dockerfile }) };
    return { workload: workloadOf(object, context), context };
  });
}

function hasPods(object: LocatedObject<CheckedObject>): object is LocatedObject<WorkloadObject> {
  return isWorkload(object.value);
}

export function isOfApps(workload: WorkloadObject): workload is AppsWorkload {
  return workload.apiVersion === 'apps/v1';
}

function workloadOf(object: LocatedObject<WorkloadObject>, context: Context): Workload {
  const { value } = object;
  const { kind, metadata } = value;
  const { rolledOutBy } = context;
  const controller = rolledOutBy ? 'Argo Rollouts' : controllerOf(value);
  const defaulted = withDefaults(isOfApps(value) ? value : asDeployment(value));
  const replicas = replicasOf(defaulted, controller, context);
  const rollout = controller === 'Argo Rollouts' || controller === 'Knative' ? MANAGED : rolloutOf(defaulted, replicas);
  const state = stateOf(value, context);
  const name = `${controller === 'Knative' ? 'Knative Service' : kind} "${metadata.name}"`;
  const isOff = replicas === 0;
  return {
    object,
    defaulted,
    name: rolledOutBy ? `${name} (of Rollout "${rolledOutBy.value.metadata.name}")` : name,
    controller,
    replicas,
    isOff,
    rollout,
    graceSeconds: defaulted.spec.template.spec.terminationGracePeriodSeconds,
    keepsOldPodsSeconds: keepsOldPodsSeconds(value, rolledOutBy?.value),
    containers: containersOf(value, controller, isOff, context),
    state,
    hasPlannedOutage: hasPlannedOutage({ replicas, rollout, state }),
  };
}

function keepsOldPodsSeconds(value: WorkloadObject, rolledOutBy: RolloutObject | undefined): number {
  const rollout = rolledOutBy ?? (value.kind === 'Rollout' ? value : undefined);
  return rollout ? scaleDownDelaySeconds(rollout) : 0;
}

const MANAGED: Rollout = { type: 'Managed', maxSurge: undefined, maxUnavailable: undefined };

function controllerOf({ apiVersion }: WorkloadObject): Workload['controller'] {
  if (apiVersion === 'argoproj.io/v1alpha1') return 'Argo Rollouts';
  if (apiVersion === 'serving.knative.dev/v1') return 'Knative';
  return apiVersion === 'apps.openshift.io/v1' ? 'OpenShift' : 'Kubernetes';
}

function replicasOf(
  workload: DefaultedWorkload,
  controller: Workload['controller'],
  { autoscaler, rolledOutBy }: Context,
): number | undefined {
  if (workload.kind === 'DaemonSet' || controller === 'Knative') return undefined;
  // A HorizontalPodAutoscaler leaves a workload with 0 replicas alone; KEDA scales it up.
  if (autoscaler?.value.kind === 'HorizontalPodAutoscaler' && workload.spec.replicas === 0) return 0;
  // A rollout at zero replicas replaces no pod.
  if (autoscaler) return Math.max(1, minimumOf(autoscaler.value));
  return rolledOutBy ? (rolledOutBy.value.spec.replicas ?? 1) : workload.spec.replicas;
}

function rolloutOf(workload: DefaultedWorkload, replicas: number | undefined): Rollout {
  if (workload.kind === 'DaemonSet' || replicas === undefined) {
    const { type } = effectiveStrategy(workload, 1);
    return { type, maxSurge: undefined, maxUnavailable: undefined };
  }
  // Spread over a union type: the kind does not affect the number of replicas.
  const scaled = { ...workload, spec: { ...workload.spec, replicas } } as DefaultedWorkload;
  const { type, maxSurge, maxUnavailable } = effectiveStrategy(scaled);
  return { type, maxSurge, maxUnavailable };
}

/**
 * The only pod of a StatefulSet, or of a Deployment that replaces it in place, is deleted before the next one starts. A
 * database that a Deployment surges has two pods for a moment, but not two pods with the same data.
 */
function hasPlannedOutage({ replicas, rollout, state }: Pick<Workload, 'replicas' | 'rollout' | 'state'>): boolean {
  if (state.reason === undefined || rollout.type === 'Managed') return false;
  if (rollout.type === 'Recreate') return true;
  return replicas === 1 && (state.byImage || rollout.maxUnavailable !== 0);
}

const InitContainers = z.array(Container);

/** Those that run as long as the pod, with whether they serve. */
function containersOf(
  { kind, spec }: WorkloadObject,
  controller: Workload['controller'],
  isOff: boolean,
  context: Context,
): WorkloadContainer[] {
  const pod = spec.template.spec;
  const sidecars = (InitContainers.safeParse(pod.initContainers).data ?? [])
    .map((container, index) => ({ container, list: 'initContainers' as const, index }))
    .filter(({ container }) => container.restartPolicy === 'Always');
  const all = [
    ...pod.containers.map((container, index) => ({ container, list: 'containers' as const, index })),
    ...sidecars,
  ];
  const containers = all.map(({ container }) => container);
  // A DaemonSet's port is for its own node, unless a Service says otherwise.
  const inputHasServices = context.inputHasServices || kind === 'DaemonSet';
  const serving =
    controller === 'Knative'
      ? containers.map(({ ports = [] }, index) => ports.length > 0 || (containers.length === 1 && index === 0))
      : servingContainers(containers, { services: context.services, inputHasServices });
  return all.map(({ container, list, index }, position) => ({
    container,
    path: [...POD, list, index],
    list,
    serves: !isOff && serving[position] === true,
  }));
}
