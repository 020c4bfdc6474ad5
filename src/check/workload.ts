/** A workload as the rules see it: with what Kubernetes fills in, and the objects around it. */
import { minReplicasOf, servicePortsWithDefaults, withDefaults } from '../kubernetes-rules/defaults.ts';
import type { Workload as DefaultedWorkload } from '../kubernetes-rules/objects.ts';
import { type EffectiveStrategy, effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import type { FieldPath } from '../manifests/yaml-documents.ts';
import type { Dockerfile } from './dockerfile.ts';
import type { LocatedObject } from './located-object.ts';
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
  /** The Dockerfile of the first serving container's image. */
  dockerfile?: Dockerfile;
}

export interface WorkloadContainer {
  container: CheckedContainer;
  path: FieldPath;
  /** Requests arrive at this one. */
  serves: boolean;
}

export interface Workload {
  /** As it is written. */
  object: LocatedObject<WorkloadObject>;
  /** With what the API server fills in. */
  defaulted: DefaultedWorkload;
  /** `Deployment "shop"`. */
  name: string;
  /** The fewest the workload runs with; undefined for a DaemonSet, which has one a node. */
  replicas: number | undefined;
  rollout: Rollout;
  graceSeconds: number;
  containers: WorkloadContainer[];
}

export interface Rollout {
  type: EffectiveStrategy['type'];
  /** Pods, rounded as Kubernetes does; undefined where the number of nodes decides. */
  maxUnavailable: number | undefined;
}

export const POD: FieldPath = ['spec', 'template', 'spec'];

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
  const defaulted = withDefaults(object.value);
  const replicas = replicasOf(defaulted, context);
  return {
    object,
    defaulted,
    name: `${kind} "${metadata.name}"`,
    replicas,
    rollout: rolloutOf(defaulted, replicas),
    graceSeconds: defaulted.spec.template.spec.terminationGracePeriodSeconds,
    containers: containersOf(spec.template.spec.containers, context.services),
  };
}

function replicasOf(workload: DefaultedWorkload, { autoscaler }: Context): number | undefined {
  if (workload.kind === 'DaemonSet') return undefined;
  return autoscaler ? minReplicasOf(autoscaler.value.spec) : workload.spec.replicas;
}

function rolloutOf(workload: DefaultedWorkload, replicas: number | undefined): Rollout {
  if (workload.kind === 'DaemonSet' || replicas === undefined) {
    return { type: effectiveStrategy(workload, 1).type, maxUnavailable: undefined };
  }
  // Spread over the union: which of the two kinds it is does not matter to the number of replicas.
  const scaled = { ...workload, spec: { ...workload.spec, replicas } } as DefaultedWorkload;
  const { type, maxUnavailable } = effectiveStrategy(scaled);
  return { type, maxUnavailable };
}

/** Serving are those whose port a Service targets; where that cannot be told, those that declare a port or a probe. */
function containersOf(containers: readonly CheckedContainer[], services: Context['services']): WorkloadContainer[] {
  const targets = services
    .flatMap(({ value }) => servicePortsWithDefaults(value.spec.ports ?? []))
    .map(({ targetPort }) => targetPort);
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
