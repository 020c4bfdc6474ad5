/** A workload as the rules see it: with what Kubernetes fills in, and the objects around it. */
import type { Deployment } from '../kubernetes-rules/objects.ts';
import { effectiveStrategy, scaledValue } from '../kubernetes-rules/rounding.ts';
import type { Dockerfile } from './dockerfile.ts';
import type { FieldPath, LocatedObject } from './located-object.ts';
import { indexNeighbours, type Neighbours } from './neighbours.ts';
import type { CheckedContainer, CheckedObject, WorkloadObject } from './objects.ts';

export interface CheckOptions {
  /** The longest request the app serves, in seconds; 0 where it is not known. */
  longestRequestSeconds: number;
  /** How long the app goes on accepting connections after SIGTERM, in seconds. */
  drainDelaySeconds: number;
}

/** What there is around a workload. */
export interface Context extends Neighbours {
  options: CheckOptions;
  /** Of the image of the first serving container. */
  dockerfile?: Dockerfile;
}

export interface WorkloadContainer {
  container: CheckedContainer;
  path: FieldPath;
  /** Requests arrive at this one. */
  serves: boolean;
}

export interface Workload {
  object: LocatedObject<WorkloadObject>;
  /** `Deployment "shop"`. */
  name: string;
  /** The fewest the workload runs with; undefined for a DaemonSet, which has one a node. */
  replicas: number | undefined;
  rollout: Rollout;
  graceSeconds: number;
  containers: WorkloadContainer[];
}

export interface Rollout {
  type: 'RollingUpdate' | 'Recreate' | 'OnDelete';
  /** Pods, rounded as Kubernetes does; undefined where the number of nodes decides. */
  maxUnavailable: number | undefined;
}

export const POD: FieldPath = ['spec', 'template', 'spec'];
/** Of the API server, where the manifest is silent. */
export const DEFAULT_GRACE_SECONDS = 30;

/** The workloads among the objects, each with its context. */
export function workloadsOf(
  objects: readonly LocatedObject<CheckedObject>[],
  options: CheckOptions,
  dockerfile?: Dockerfile,
): { workload: Workload; context: Context }[] {
  const neighboursOf = indexNeighbours(objects);
  return objects.filter(isWorkload).map((object) => {
    const context: Context = { ...neighboursOf(object.value), options, ...(dockerfile && { dockerfile }) };
    return { workload: workloadOf(object, context), context };
  });
}

function isWorkload(object: LocatedObject<CheckedObject>): object is LocatedObject<WorkloadObject> {
  return 'template' in object.value.spec;
}

function workloadOf(object: LocatedObject<WorkloadObject>, context: Context): Workload {
  const { kind, metadata, spec } = object.value;
  const scaled = context.autoscaler ? (context.autoscaler.value.spec.minReplicas ?? 1) : (spec.replicas ?? 1);
  const replicas = kind === 'DaemonSet' ? undefined : scaled;
  return {
    object,
    name: `${kind} "${metadata.name}"`,
    replicas,
    rollout: rolloutOf(object.value, replicas),
    graceSeconds: spec.template.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS,
    containers: containersOf(spec.template.spec.containers, context.services),
  };
}

function rolloutOf({ kind, spec }: WorkloadObject, replicas: number | undefined): Rollout {
  if (kind === 'Deployment') {
    const deployment: Deployment['spec'] = { ...spec, replicas };
    const { type, maxUnavailable } = effectiveStrategy(deployment);
    return { type, maxUnavailable };
  }
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  const limit = rollingUpdate?.maxUnavailable ?? 1;
  return {
    type: type === 'OnDelete' ? 'OnDelete' : 'RollingUpdate',
    // A StatefulSet's rounds down too, but never to 0. Source: getStatefulSetMaxUnavailable in its controller.
    maxUnavailable: replicas === undefined ? undefined : Math.max(1, scaledValue(limit, replicas, false)),
  };
}

/** Serving are those whose port a Service targets; where that cannot be told, those that declare a port or a probe. */
function containersOf(containers: readonly CheckedContainer[], services: Context['services']): WorkloadContainer[] {
  const targets = services.flatMap(({ value }) => value.spec.ports ?? []).map((port) => port.targetPort ?? port.port);
  const isTarget = ({ ports = [] }: CheckedContainer) =>
    ports.some(
      (port) => targets.includes(port.containerPort) || (port.name !== undefined && targets.includes(port.name)),
    );
  const targeted = containers.some(isTarget);
  const listens = (container: CheckedContainer) =>
    (container.ports ?? []).length > 0 ||
    [container.readinessProbe, container.livenessProbe, container.startupProbe].some(
      (probe) => probe !== undefined && probe.exec === undefined,
    );
  // A port need not be declared: behind a Service, the only container or the first one listens.
  const assumed = services.length > 0 && !containers.some(listens);
  return containers.map((container, index) => ({
    container,
    path: [...POD, 'containers', index],
    serves: targeted ? isTarget(container) : listens(container) || (assumed && index === 0),
  }));
}
