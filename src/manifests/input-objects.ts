/** The workloads, Services and routes among the objects of an input, as far as they can be read. */
import * as z from 'zod';
import type { WorkloadKind } from '../kubernetes-rules/objects.ts';
import { matchesLabels } from '../kubernetes-rules/selectors.ts';
import { type KubernetesObject, Labels, Service } from '../kubernetes-rules/written-objects.ts';
import { type Backend, backendsOf, groupKind } from './routes.ts';

export interface FoundWorkload {
  kind: WorkloadKind;
  name: string;
  namespace: string;
  /** The labels of its pods. */
  labels: Record<string, string>;
  object: KubernetesObject;
}

export interface FoundService {
  name: string;
  namespace: string;
  spec: Service['spec'];
  object: KubernetesObject;
}

export interface InputObjects {
  workloads: FoundWorkload[];
  services: FoundService[];
  /** The Services that Ingresses and routes lead to, each with its namespace. */
  backends: (Backend & { namespace: string })[];
}

/** Kinds that run pods of a service too, and that `run` does not roll out. */
const OTHER_WORKLOADS = [
  'Rollout',
  'DeploymentConfig',
  'CloneSet',
  'ReplicaSet',
  'ReplicationController',
  'Pod',
  'Job',
  'CronJob',
];

const PodLabels = z.looseObject({
  spec: z.looseObject({ template: z.looseObject({ metadata: z.looseObject({ labels: Labels }) }) }),
});
const { spec } = Service.shape;
/** A mistake in the ports is reported when the Service was selected. */
const ServiceSpec = z.looseObject({ spec: spec.extend({ ports: spec.shape.ports.catch(undefined) }) });

/** In the order of the input. Objects that cannot be read are there too, without labels or selector. */
export function inputObjects(objects: readonly KubernetesObject[]): InputObjects {
  const defaultNamespace = namespaceOfUnnamed(objects);
  const namespaceOf = ({ metadata }: KubernetesObject) => metadata.namespace ?? defaultNamespace;
  return {
    workloads: objects.filter(isWorkload).map((object) => ({
      kind: object.kind as WorkloadKind,
      name: object.metadata.name,
      namespace: namespaceOf(object),
      labels: PodLabels.safeParse(object).data?.spec.template.metadata.labels ?? {},
      object,
    })),
    services: objects.filter(getsRequests).map((object) => ({
      name: object.metadata.name,
      namespace: namespaceOf(object),
      spec: ServiceSpec.safeParse(object).data?.spec ?? {},
      object,
    })),
    backends: objects.flatMap((object) =>
      backendsOf(object).map((backend) => ({ ...backend, namespace: backend.namespace ?? namespaceOf(object) })),
    ),
  };
}

/** Other groups have a StatefulSet and a DaemonSet of their own, with other fields. */
export function isWorkload(object: KubernetesObject): boolean {
  return /^(apps|extensions)\/(Deployment|StatefulSet|DaemonSet)$/.test(groupKind(object));
}

/** A Service of Knative is something else. */
export function isService(object: KubernetesObject): boolean {
  return groupKind(object) === 'Service';
}

/** A headless Service without ports only gives names to pods. */
export function getsRequests(object: KubernetesObject): boolean {
  if (!isService(object)) return false;
  const { clusterIP, ports = [] } = ServiceSpec.safeParse(object).data?.spec ?? {};
  return clusterIP !== 'None' || ports.length > 0;
}

/** The names of other kinds in the input that run pods, each once. */
export function otherWorkloads(objects: readonly KubernetesObject[]): string[] {
  const kinds = objects
    .filter((object) => !isWorkload(object))
    .map((object) => (groupKind(object) === 'serving.knative.dev/Service' ? 'Knative Service' : object.kind))
    .filter((kind) => kind === 'Knative Service' || OTHER_WORKLOADS.includes(kind));
  return [...new Set(kinds)];
}

/** The Services that select the workload's pods. */
export function servicesOf(workload: FoundWorkload, services: readonly FoundService[]): FoundService[] {
  return services.filter(
    ({ namespace, spec }) => namespace === workload.namespace && matchesLabels(spec.selector, workload.labels),
  );
}

export function isBackend({ name, namespace }: FoundService, backends: InputObjects['backends']): boolean {
  return backends.some((backend) => backend.service === name && backend.namespace === namespace);
}

/**
 * The namespace of the objects that name none. If all that do name one name the same, the input can only be applied to
 * that one as a whole; otherwise it is `default`.
 */
export function namespaceOfUnnamed(objects: readonly KubernetesObject[]): string {
  const named = objects.filter((object) => isWorkload(object) || isService(object));
  const names = new Set(named.flatMap(({ metadata }) => metadata.namespace ?? []));
  const [only] = names;
  return names.size === 1 && only !== undefined ? only : 'default';
}
