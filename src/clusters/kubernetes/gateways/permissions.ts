/** What a gateway in the namespace of a trial needs beyond what `compare` needs. */
import type { ClusterGateway } from '../../../gateways/way.ts';
import type { KubernetesApi } from '../api.ts';
import { assertAllowed, type Permission } from '../preflight.ts';

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
