/** The fields of a pod and of its containers that an environment variable can take its value from (downward API). */
import type { Container } from './objects.ts';
import { ceilDivide, nanoUnits } from './quantity.ts';

/** What a pod knows about itself. */
export interface PodFacts {
  name: string;
  namespace: string;
  uid: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  node: string;
  serviceAccount: string;
  podIP: string;
  hostIP: string;
}

/** What a container without a limit may use: the capacity of its node. */
export interface NodeCapacity {
  cpu: number;
  memory: number;
}

type ResourceFieldRef = NonNullable<
  NonNullable<NonNullable<Container['env']>[number]['valueFrom']>['resourceFieldRef']
>;

const FIELDS: Readonly<Record<string, (pod: PodFacts) => string>> = {
  'metadata.name': ({ name }) => name,
  'metadata.namespace': ({ namespace }) => namespace,
  'metadata.uid': ({ uid }) => uid,
  'spec.nodeName': ({ node }) => node,
  'spec.serviceAccountName': ({ serviceAccount }) => serviceAccount,
  'status.podIP': ({ podIP }) => podIP,
  'status.podIPs': ({ podIP }) => podIP,
  'status.hostIP': ({ hostIP }) => hostIP,
  'status.hostIPs': ({ hostIP }) => hostIP,
};
const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.+)'\]$/;

/** Whether the API server accepts this path in an environment variable (validateObjectFieldSelector). */
export function isPodField(path: string): boolean {
  return Object.hasOwn(FIELDS, path) || SUBSCRIPT.test(path);
}

/** The value of a field; '' for a label or an annotation that the pod does not have, as in the kubelet. */
export function podField(path: string, pod: PodFacts): string {
  const [, map, key = ''] = SUBSCRIPT.exec(path) ?? [];
  if (map === undefined) return FIELDS[path]?.(pod) ?? '';
  const values = map === 'labels' ? pod.labels : pod.annotations;
  return (Object.hasOwn(values, key) ? values[key] : undefined) ?? '';
}

const RESOURCE = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/;

/** Whether the API server accepts this resource in an environment variable. */
export function isResourceField(resource: string): boolean {
  return RESOURCE.test(resource);
}

/**
 * A limit or a request in units of the divisor, rounded up. A missing limit of cpu or memory is the node's capacity,
 * and a missing request is 0. Source: ExtractContainerResourceValue (pkg/api/v1/resource) and MergeContainerResourceLimits.
 */
export function resourceField({ resource, divisor }: ResourceFieldRef, { resources }: Container, node: NodeCapacity) {
  const [, side = 'limits', name = ''] = RESOURCE.exec(resource) ?? [];
  const written = (side === 'limits' ? resources?.limits : resources?.requests)?.[name];
  const capacity = side === 'limits' && (name === 'cpu' || name === 'memory') ? node[name] : 0;
  // The cpu counts in thousandths, everything else in whole units, each rounded up before the division.
  const step = name === 'cpu' ? 10n ** 6n : 10n ** 9n;
  const steps = (quantity: string | number) => ceilDivide(nanoUnits(quantity) ?? 0n, step);
  const by = steps(divisor ?? 0) || steps(1);
  return String(ceilDivide(steps(written || capacity), by));
}
