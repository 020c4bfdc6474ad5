/** What gateways need beyond what `compare` needs: one in the namespace of a trial, and the user's own. */
import type { ControllerWay, NamespacedName } from '../../../gateways/installed/controller-way.ts';
import type { ClusterGateway } from '../../../gateways/way.ts';
import type { KubernetesApi } from '../api.ts';
import { assertAllowed, type Permission } from '../preflight.ts';

const OWN_GATEWAY = 'kubernetes/cluster-role-own-gateway.yaml';

/** A role can be given only by somebody who has what it allows. */
export function gatewayPermissions(gateways: readonly ClusterGateway[]): Permission[] {
  const inCluster = gateways.map(({ kind }) => kind.inCluster);
  const rules = inCluster.flatMap((each) => each.rules);
  const rbac = 'rbac.authorization.k8s.io';
  const create = ['create'];
  return [
    ...(rules.length > 0
      ? [
          { group: '', resource: 'serviceaccounts', verbs: create },
          { group: rbac, resource: 'roles', verbs: create },
          { group: rbac, resource: 'rolebindings', verbs: create },
        ]
      : []),
    ...(inCluster.some(({ ingress }) => ingress)
      ? [{ group: 'networking.k8s.io', resource: 'ingresses', verbs: create }]
      : []),
    ...rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.map((resource) => ({ group, resource, verbs }))),
    ),
  ];
}

/** @throws EnvironmentError that names every missing verb and resource */
export async function assertMayStart(api: KubernetesApi, gateways: readonly ClusterGateway[]): Promise<void> {
  await assertAllowed(api, gatewayPermissions(gateways), { grantedBy: 'kubernetes/cluster-role-gateways.yaml' });
}

/** What a trial does with the user's own gateway. */
export interface ControllerPermissions {
  /** In every namespace, because those of the trials do not exist yet. */
  everywhere: Permission[];
  /** In the namespaces of the gateway itself. */
  inNamespaces: { namespace: string; permissions: readonly Permission[] }[];
}

function read(group: string, resource: string): Permission {
  return { group, resource, verbs: ['get'] };
}

/** What following the log of a gateway needs, in the namespace of the workload that writes it. */
export const LOG_PERMISSIONS: readonly Permission[] = [
  read('apps', 'deployments'),
  read('apps', 'daemonsets'),
  { group: '', resource: 'pods', verbs: ['list', 'watch'] },
  read('', 'pods/log'),
];

export function controllerPermissions({ parent, service, logs }: ControllerWay): ControllerPermissions {
  const routes = ['create', 'get'];
  const gatewayApi = 'gateway.networking.k8s.io';
  const networking = 'networking.k8s.io';
  const everywhere =
    parent.kind === 'IngressClass'
      ? [
          { group: networking, resource: 'ingressclasses', verbs: ['list'] },
          { group: networking, resource: 'ingresses', verbs: routes },
        ]
      : [
          { group: gatewayApi, resource: 'gatewayclasses', verbs: ['get'] },
          { group: gatewayApi, resource: 'httproutes', verbs: routes },
        ];
  const inNamespaces = [
    ...(parent.kind === 'Gateway'
      ? [{ namespace: parent.namespace, permissions: [read(gatewayApi, 'gateways')] }]
      : []),
    ...(service ? [{ namespace: service.namespace, permissions: [read('', 'services')] }] : []),
    ...(logs ? [{ namespace: logs.namespace, permissions: LOG_PERMISSIONS }] : []),
  ];
  return { everywhere, inNamespaces };
}

/** @throws EnvironmentError that names every missing verb and resource */
export async function assertMayReadLog(api: KubernetesApi, { namespace }: NamespacedName): Promise<void> {
  await assertAllowed(api, LOG_PERMISSIONS, { namespace, grantedBy: OWN_GATEWAY });
}

/** @throws EnvironmentError that names every missing verb and resource of one namespace */
export async function assertMayUse(api: KubernetesApi, way: ControllerWay): Promise<void> {
  const grantedBy = OWN_GATEWAY;
  const { everywhere, inNamespaces } = controllerPermissions(way);
  await assertAllowed(api, everywhere, { grantedBy });
  for (const { namespace, permissions } of inNamespaces) {
    await assertAllowed(api, permissions, { namespace, grantedBy });
  }
}
