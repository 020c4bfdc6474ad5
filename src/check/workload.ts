/** A workload in the form that the rules evaluate: with Kubernetes' defaults, and with the objects around it. */
import { minReplicasOf, servicePortsWithDefaults, withDefaults } from '../kubernetes-rules/defaults.ts';
import type { Workload as DefaultedWorkload } from '../kubernetes-rules/objects.ts';
import { type EffectiveStrategy, effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import type { FieldPath } from '../manifests/yaml-documents.ts';
import type { Dockerfile } from './dockerfile.ts';
import type { LocatedObject } from './located-object.ts';
import { indexNeighbours, type Neighbours } from './neighbours.ts';
import type { CheckedContainer, CheckedObject, WorkloadObject } from './objects.ts';

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
  /** It receives the requests. */
  serves: boolean;
}

export interface Workload {
  /** As written. */
  object: LocatedObject<WorkloadObject>;
  /** With the API server's defaults. */
  defaulted: DefaultedWorkload;
  /** For example `Deployment "shop"`. */
  name: string;
  /** The lowest number of replicas; undefined for a DaemonSet, which has one pod per node. */
  replicas: number | undefined;
  rollout: Rollout;
  graceSeconds: number;
  containers: WorkloadContainer[];
}

export interface Rollout {
  type: EffectiveStrategy['type'];
  /** In pods, rounded as Kubernetes does; undefined if they depend on the number of nodes. */
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
  // Spread over a union type: the kind does not affect the number of replicas.
  const scaled = { ...workload, spec: { ...workload.spec, replicas } } as DefaultedWorkload;
  const { type, maxUnavailable } = effectiveStrategy(scaled);
  return { type, maxUnavailable };
}

/**
 * The serving containers: those whose port a Service targets, or if that is not known, those that declare a port or a
 * probe.
 */
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
  // A port need not be declared. Behind a Service, the only container or the first one listens.
  const assumed = services.length > 0 && !containers.some(listens);
  return containers.map((container, index) => ({
    container,
    path: [...POD, 'containers', index],
    serves: targeted ? isTarget(container) : listens(container) || (assumed && index === 0),
  }));
}
