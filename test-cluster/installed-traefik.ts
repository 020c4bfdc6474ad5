/** Traefik as a cluster's administrator installs it: for every namespace, with an IngressClass and a Gateway. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import type { KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { traefik } from '../src/gateways/traefik/traefik.ts';
import { until } from '../test/cli/program.ts';

const NAME = 'traefik';
const PORT = 8000;
const GATEWAY_API = 'sigs.k8s.io/gateway-api@v1.5.1';

export interface InstalledTraefik {
  namespace: string;
  ingressClass: string;
  /** The name of its Service, its Deployment and its Gateway. */
  name: string;
  /** On every node. */
  nodePort: number;
  /** False where the definitions of the Gateway API cannot be had: then it has no Gateway. */
  hasGateway: boolean;
}

/** Its access log has Traefik's default text format. */
export async function installTraefik(
  t: { after(cleanUp: () => unknown): void },
  api: KubernetesApi,
  namespace: string,
): Promise<InstalledTraefik> {
  const create = async (object: KubernetesObject) => {
    const made = await api.objects.create(object);
    // What is in the namespace goes with it.
    if (!made.metadata?.namespace) t.after(() => api.objects.delete(made).catch(gone));
    return made;
  };
  const definitions = gatewayApi();
  for (const definition of definitions) await create(definition).catch(alreadyThere);
  await create(object('v1', 'Namespace', namespace));
  const labels = { app: NAME };
  const service = await create(
    object('v1', 'Service', NAME, namespace, {
      spec: {
        type: 'NodePort',
        selector: labels,
        ports: [
          { name: 'web', port: 80, targetPort: PORT },
          { name: 'listener', port: PORT, targetPort: PORT },
        ],
      },
    }),
  );
  for (const right of rights(namespace)) await create(right);
  await create(
    object('networking.k8s.io/v1', 'IngressClass', namespace, undefined, {
      spec: { controller: 'traefik.io/ingress-controller' },
    }),
  );
  const { clusterIP = '', ports = [] } =
    (service as { spec?: { clusterIP?: string; ports?: { nodePort?: number }[] } }).spec ?? {};
  const hasGateway = definitions.length > 0;
  await create(deployment(namespace, labels, hasGateway ? clusterIP : undefined));
  if (hasGateway) await createGateway(api, create, namespace);
  return { namespace, ingressClass: namespace, name: NAME, nodePort: ports[0]?.nodePort ?? 0, hasGateway };
}

/** Resolves once Traefik has given it an address. */
async function createGateway(
  api: KubernetesApi,
  create: (object: KubernetesObject) => Promise<unknown>,
  namespace: string,
): Promise<void> {
  const group = 'gateway.networking.k8s.io/v1';
  const controllerName = 'traefik.io/gateway-controller';
  await create(object(group, 'GatewayClass', namespace, undefined, { spec: { controllerName } }));
  const listener = { name: 'web', port: PORT, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } };
  const spec = { gatewayClassName: namespace, listeners: [listener] };
  await create(object(group, 'Gateway', NAME, namespace, { spec }));
  const path = `/apis/${group}/namespaces/${namespace}/gateways/${NAME}`;
  await until('that Traefik gives its Gateway an address', async () => {
    const { status } = (await api.read(path, {}, 1 << 20)).list as { status?: { addresses?: unknown[] } };
    return (status?.addresses ?? []).length > 0;
  });
}

/**
 * The definitions of the Gateway API, as its project publishes them. There may be no network where the tests run, so
 * `.ci/run` fetches them before. Empty if they are not here.
 */
function gatewayApi(): KubernetesObject[] {
  const download = ['mod', 'download', '-json', GATEWAY_API];
  const { stdout, status } = spawnSync('go', download, { cwd: '/', encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) return [];
  const folder = join(JSON.parse(stdout).Dir, 'config/crd/standard');
  return readdirSync(folder)
    .filter((file) => !file.includes('_vap_')) // a policy against downgrades
    .map((file) =>
      parseAllDocuments(readFileSync(join(folder, file), 'utf8'))
        .at(-1)
        ?.toJS(),
    );
}

/** @param gatewayAddress undefined: it serves no Gateway */
function deployment(
  namespace: string,
  labels: Record<string, string>,
  gatewayAddress: string | undefined,
): KubernetesObject {
  const args = [
    `--entryPoints.web.address=:${PORT}`,
    '--providers.kubernetesingress=true',
    `--providers.kubernetesingress.ingressclass=${namespace}`,
    ...(gatewayAddress === undefined
      ? []
      : ['--providers.kubernetesgateway=true', `--providers.kubernetesgateway.statusaddress.ip=${gatewayAddress}`]),
    '--accesslog=true',
  ];
  const container = {
    name: NAME,
    image: traefik.inCluster.image,
    imagePullPolicy: 'IfNotPresent',
    command: ['traefik', ...args],
    readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
  };
  return object('apps/v1', 'Deployment', NAME, namespace, {
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { serviceAccountName: NAME, containers: [container] } },
    },
  });
}

function rights(namespace: string): KubernetesObject[] {
  const rbac = 'rbac.authorization.k8s.io';
  const rule = (apiGroups: string[], resources: string[], verbs = ['get', 'list', 'watch']) => ({
    apiGroups,
    resources,
    verbs,
  });
  const rules = [
    rule([''], ['services', 'secrets', 'namespaces', 'nodes', 'configmaps']),
    rule(['discovery.k8s.io'], ['endpointslices']),
    rule(['networking.k8s.io'], ['ingresses', 'ingressclasses']),
    rule(['networking.k8s.io'], ['ingresses/status'], ['update']),
    rule(['gateway.networking.k8s.io'], ['*']),
    rule(
      ['gateway.networking.k8s.io'],
      [
        'gatewayclasses/status',
        'gateways/status',
        'httproutes/status',
        'grpcroutes/status',
        'backendtlspolicies/status',
      ],
      ['update'],
    ),
  ];
  return [
    object('v1', 'ServiceAccount', NAME, namespace),
    object(`${rbac}/v1`, 'ClusterRole', namespace, undefined, { rules }),
    object(`${rbac}/v1`, 'ClusterRoleBinding', namespace, undefined, {
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: namespace },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace }],
    }),
  ];
}

function object(apiVersion: string, kind: string, name: string, namespace?: string, more = {}): KubernetesObject {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) }, ...more };
}

function alreadyThere(error: { code?: number }): void {
  if (error.code !== 409) throw error;
}

function gone(error: { code?: number }): void {
  if (error.code !== 404) throw error;
}
