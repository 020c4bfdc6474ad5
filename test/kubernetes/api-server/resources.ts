/** The resources of the API server for tests, and what the path of a request names. Pure. */

export interface Resource {
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespaced: boolean;
}

const NAMES: [apiVersion: string, plural: string, kind: string][] = [
  ['v1', 'pods', 'Pod'],
  ['v1', 'services', 'Service'],
  ['v1', 'serviceaccounts', 'ServiceAccount'],
  ['v1', 'configmaps', 'ConfigMap'],
  ['v1', 'events', 'Event'],
  ['v1', 'nodes', 'Node'],
  ['v1', 'namespaces', 'Namespace'],
  ['apps/v1', 'deployments', 'Deployment'],
  ['apps/v1', 'statefulsets', 'StatefulSet'],
  ['apps/v1', 'daemonsets', 'DaemonSet'],
  ['batch/v1', 'jobs', 'Job'],
  ['batch/v1', 'cronjobs', 'CronJob'],
  ['discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice'],
  ['autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'],
  ['rbac.authorization.k8s.io/v1', 'roles', 'Role'],
  ['rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding'],
  ['networking.k8s.io/v1', 'ingresses', 'Ingress'],
  ['networking.k8s.io/v1', 'ingressclasses', 'IngressClass'],
  ['gateway.networking.k8s.io/v1', 'gatewayclasses', 'GatewayClass'],
  ['gateway.networking.k8s.io/v1', 'gateways', 'Gateway'],
  ['gateway.networking.k8s.io/v1', 'httproutes', 'HTTPRoute'],
  ['policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget'],
];

const IN_NO_NAMESPACE = ['namespaces', 'nodes', 'ingressclasses', 'gatewayclasses'];

export const RESOURCES: readonly Resource[] = NAMES.map(([apiVersion, plural, kind]) => {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, plural, kind, namespaced: !IN_NO_NAMESPACE.includes(plural) };
});

export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

export function resourceOfKind(kind: string): Resource {
  const found = RESOURCES.find((resource) => resource.kind === kind);
  if (!found) throw new Error(`the API server for tests has no ${kind}`);
  return found;
}

/** What a path below /api/v1 or /apis/GROUP/VERSION names. */
export interface Place {
  resource: Resource;
  namespace: string;
  /** Empty for the collection. */
  name: string;
  /** What follows the name: ["log"], ["proxy", "healthz"]. */
  rest: string[];
}

/** Undefined if the path names no resource of this server. */
export function placeOf(path: string): Place | undefined {
  const [root, ...parts] = path.split('/').filter(Boolean);
  const group = root === 'apis' ? parts.shift() : '';
  const version = parts.shift();
  if (root !== 'api' && root !== 'apis') return undefined;
  const inNamespace = parts[0] === 'namespaces' && parts.length > 2;
  const namespace = inNamespace ? (parts[1] ?? '') : '';
  const [plural, name = '', ...rest] = inNamespace ? parts.slice(2) : parts;
  const resource = RESOURCES.find(
    (candidate) => candidate.group === group && candidate.version === version && candidate.plural === plural,
  );
  return resource && { resource, namespace, name: decodeURIComponent(name), rest };
}
