/**
 * Prepares a user's manifests for a namespace of their own: which objects are applied there, in which order, and what
 * has to be changed so that they touch nothing outside of it.
 */
import { InputError } from '../../errors.ts';
import type { KubernetesObject } from '../../kubernetes-rules/written-objects.ts';
import { printable } from '../../printable.ts';
import type { ApiResource } from './api-resources.ts';
import type { ApplicableObject } from './objects.ts';

export interface PlacedObjects {
  /** In the order in which they are applied. */
  objects: KubernetesObject[];
  /** The resources that they are, each once. */
  resources: ApiResource[];
  /** What was left out or changed, and why: one line each. */
  notes: string[];
}

/**
 * Routes from outside of the cluster. In a second namespace, the same host name would take requests away from the
 * service that is in use.
 */
const ROUTES: readonly string[] = [
  'Ingress',
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'TCPRoute',
  'UDPRoute',
  'Gateway',
  'VirtualService',
  'VirtualServer',
  'VirtualServerRoute',
  'IngressRoute',
  'IngressRouteTCP',
  'IngressRouteUDP',
  'HTTPProxy',
  'ApisixRoute',
  'Mapping',
  'Route',
  'DNSEndpoint',
];

/** They change the number of pods while it is measured. The floor that they set is in the workload's replicas. */
const AUTOSCALERS: readonly string[] = ['HorizontalPodAutoscaler', 'ScaledObject', 'VerticalPodAutoscaler'];

/** Others need these, so they are applied first, in this order. All other kinds follow, and workloads come last. */
const FIRST = [
  'ResourceQuota',
  'LimitRange',
  'ServiceAccount',
  'Secret',
  'ConfigMap',
  'PersistentVolumeClaim',
  'Role',
  'RoleBinding',
  'Service',
];
const LAST = ['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet', 'Pod'];

/**
 * @param find which resource an object is; undefined if the cluster has no such kind
 * @param assumed what the user says is already there, as KIND or KIND/NAME
 * @throws InputError that names every object that cannot be placed in one namespace
 */
export async function placeOwnObjects(
  objects: readonly KubernetesObject[],
  { source, assumed }: { source: string; assumed: readonly string[] },
  find: (apiVersion: string, kind: string) => Promise<ApiResource | undefined>,
): Promise<PlacedObjects> {
  const placed: PlacedObjects = { objects: [], resources: [], notes: [] };
  const refused: string[] = [];
  for (const object of objects) {
    const { apiVersion, kind, metadata } = object;
    const name = printable(`${kind}/${metadata.name}`);
    if (kind === 'Namespace') continue;
    if (assumed.includes(kind) || assumed.includes(`${kind}/${metadata.name}`)) {
      placed.notes.push(`${name}: not applied, assumed to be there`);
    } else if (ROUTES.includes(kind)) {
      placed.notes.push(`${name}: not applied, because it could take requests away from the service in use`);
    } else if (AUTOSCALERS.includes(kind)) {
      placed.notes.push(`${name}: not applied, because it could change the number of pods in the middle of a trial`);
    } else {
      const resource = await find(apiVersion, kind);
      if (!resource) refused.push(`${name} (the cluster has no ${kind} of ${printable(apiVersion)})`);
      else if (!resource.namespaced) refused.push(`${name} (belongs to no namespace)`);
      else add(placed, object, resource);
    }
  }
  assertOneNamespace(placed.objects, source);
  if (refused.length > 0) {
    const example = refused[0]?.split(' ')[0];
    throw new InputError(
      `${source}: cannot be applied in a namespace of its own: ${refused.join(', ')}; ` +
        `apply them yourself and say so, as in --assume ${example}`,
    );
  }
  placed.objects.sort((a, b) => rank(a) - rank(b));
  return placed;
}

function add(placed: PlacedObjects, object: KubernetesObject, resource: ApiResource): void {
  placed.objects.push(object);
  if (!placed.resources.some((other) => other.group === resource.group && other.resource === resource.resource)) {
    placed.resources.push(resource);
  }
  if (object.kind === 'Service' && (object as ServiceLike).spec?.type === 'LoadBalancer') {
    placed.notes.push(
      printable(`Service/${object.metadata.name}: applied as ClusterIP, because a load balancer outside is not needed`),
    );
  }
}

function rank({ kind }: KubernetesObject): number {
  const first = FIRST.indexOf(kind);
  if (first >= 0) return first;
  return FIRST.length + 1 + LAST.indexOf(kind);
}

function assertOneNamespace(objects: readonly KubernetesObject[], source: string): void {
  const namespaces = [...new Set(objects.map(namespaceOf).filter((name) => name !== undefined))];
  if (namespaces.length > 1) {
    throw new InputError(
      printable(
        `${source}: has objects of several namespaces (${namespaces.join(', ')}), and a trial has one; measure them one by one`,
      ),
    );
  }
}

interface ServiceLike extends KubernetesObject {
  spec?: {
    type?: string;
    clusterIP?: string;
    ports?: Record<string, unknown>[];
    [field: string]: unknown;
  };
}

interface BindingLike extends KubernetesObject {
  subjects?: { kind?: string; namespace?: string }[];
}

function namespaceOf({ metadata }: KubernetesObject): string | undefined {
  return (metadata as { namespace?: string }).namespace;
}

/** Fields that the API server sets. An export of a live object contains them. */
const SERVER_FIELDS = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'ownerReferences'];

/** A copy for the trial's namespace. Addresses and ports that exist once in a cluster are left to the cluster. */
export function inNamespace(object: KubernetesObject, namespace: string): ApplicableObject {
  const { status: _, ...copy } = structuredClone(object) as KubernetesObject & { status?: unknown };
  const before = namespaceOf(copy);
  const metadata = Object.fromEntries(Object.entries(copy.metadata).filter(([key]) => !SERVER_FIELDS.includes(key)));
  const placed: ApplicableObject = { ...copy, metadata: { ...metadata, name: copy.metadata.name, namespace } };
  if (copy.kind === 'Service') withoutFixedAddresses(copy as ServiceLike);
  if (copy.kind === 'RoleBinding') {
    for (const subject of (copy as BindingLike).subjects ?? []) {
      if (subject.kind === 'ServiceAccount' && subject.namespace === before) subject.namespace = namespace;
    }
  }
  return placed;
}

function withoutFixedAddresses({ spec }: ServiceLike): void {
  if (!spec) return;
  if (spec.type === 'LoadBalancer') spec.type = 'ClusterIP';
  if (spec.clusterIP !== 'None') {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
  for (const field of ['loadBalancerIP', 'loadBalancerClass', 'loadBalancerSourceRanges', 'healthCheckNodePort']) {
    delete spec[field];
  }
  // They belong to types with node ports.
  if (spec.type === 'ClusterIP' || spec.type === undefined) {
    delete spec.externalTrafficPolicy;
    delete spec.allocateLoadBalancerNodePorts;
  }
  for (const port of spec.ports ?? []) delete port.nodePort;
}
