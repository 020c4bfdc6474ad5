/** A service account with the permissions of a role of kubernetes/, or with none, and a kubeconfig for it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KubernetesObject, RbacAuthorizationV1Api } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import type { KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { PROJECT } from '../test/cli/program.ts';

const NAMESPACE = 'default';

/**
 * Creates the account, and deletes it when the test ends. Returns the path of its kubeconfig.
 * @param allowed what `compare` may do on the cluster, what `run` may do in a namespace, or nothing
 */
export async function account(
  t: { after(cleanUp: () => unknown): void },
  api: KubernetesApi,
  name: string,
  allowed: 'compare' | { runIn: string } | 'nothing',
): Promise<string> {
  const rbac = api.client(RbacAuthorizationV1Api);
  await api.core.createNamespacedServiceAccount({ namespace: NAMESPACE, body: { metadata: { name } } });
  t.after(() => api.core.deleteNamespacedServiceAccount({ namespace: NAMESPACE, name }));
  if (allowed === 'compare') {
    const role = parse(readFileSync(join(PROJECT, 'kubernetes/cluster-role.yaml'), 'utf8')) as KubernetesObject & {
      rules: object[];
    };
    await rbac.createClusterRole({ body: { ...role, metadata: { name } } as never });
    t.after(() => rbac.deleteClusterRole({ name }));
    await rbac.createClusterRoleBinding({
      body: {
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
      },
    });
    t.after(() => rbac.deleteClusterRoleBinding({ name }));
  }
  if (typeof allowed === 'object') {
    const namespace = allowed.runIn; // both are deleted together with the namespace
    const role = parse(readFileSync(join(PROJECT, 'kubernetes/role-run.yaml'), 'utf8')) as KubernetesObject;
    await rbac.createNamespacedRole({ namespace, body: { ...role, metadata: { name } } as never });
    await rbac.createNamespacedRoleBinding({
      namespace,
      body: {
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
      },
    });
  }
  const token = await api.core.createNamespacedServiceAccountToken({
    name,
    namespace: NAMESPACE,
    body: { spec: { audiences: [], expirationSeconds: 3600 } } as never,
  });
  const folder = mkdtempSync(join(tmpdir(), 'account-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'kubeconfig');
  const cluster = api.config.getCurrentCluster();
  writeFileSync(
    file,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'c',
          cluster: {
            server: cluster?.server,
            ...(cluster?.caData ? { 'certificate-authority-data': cluster.caData } : {}),
            ...(cluster?.skipTLSVerify ? { 'insecure-skip-tls-verify': true } : {}),
          },
        },
      ],
      users: [{ name: 'u', user: { token: token.status?.token } }],
      contexts: [{ name: 'account', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'account',
    }),
  );
  return file;
}
