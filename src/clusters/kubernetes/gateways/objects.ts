/**
 * The objects that run a gateway in the namespace of a trial: its files, one pod that meets the restricted Pod Security
 * Standard, a Service, and what it needs to learn of the endpoints. Pure.
 */
import type { GatewaySettings } from '../../../gateways/gateway.ts';
import type { InClusterSettings } from '../../../gateways/in-cluster.ts';
import type { ClusterGateway } from '../../../gateways/way.ts';

export const GATEWAY_NAME = 'rollout-test-gateway';
export const GATEWAY_CONTAINER = 'gateway';
export const GATEWAY_PORT = 8080;
const ADMIN_PORT = 9901;
/** An empty folder that both containers can write to. */
const FOLDER = '/gateway';
const FILES_FOLDER = '/gateway-files';
/** Every program here runs as any user that is not root. */
const USER = 65_532;
const LABELS = { 'app.kubernetes.io/name': GATEWAY_NAME };

export interface GatewayPlacement {
  gateway: ClusterGateway;
  namespace: string;
  /** The app's Service. */
  service: InClusterSettings['service'];
  /** The image of the container that reads the endpoints for it. */
  feedImage: string;
  /** Requests come from outside of the cluster. */
  nodePort: boolean;
}

export interface WrittenObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; [field: string]: unknown };
  [field: string]: unknown;
}

/** In the order in which they are created. */
export function gatewayObjects(placement: GatewayPlacement): WrittenObject[] {
  const { gateway, namespace, nodePort } = placement;
  const { inCluster } = gateway.kind;
  const settings = settingsOf(placement);
  const named = (apiVersion: string, kind: string, more: object): WrittenObject => ({
    apiVersion,
    kind,
    metadata: { name: GATEWAY_NAME, namespace },
    ...more,
  });
  const ports = [{ name: 'http', port: 80, targetPort: 'http' }];
  return [
    ...(inCluster.rules.length > 0 ? rightsOf(placement, named) : []),
    ...(inCluster.ingress ? [ingressOf(placement, inCluster.ingress.annotations(settings))] : []),
    named('v1', 'ConfigMap', { data: inCluster.files(settings) }),
    named('v1', 'Service', { spec: { type: nodePort ? 'NodePort' : 'ClusterIP', selector: LABELS, ports } }),
    named('apps/v1', 'Deployment', {
      spec: {
        replicas: 1,
        selector: { matchLabels: LABELS },
        template: { metadata: { labels: LABELS }, spec: podSpec(placement, settings) },
      },
    }),
  ];
}

function settingsOf({ gateway, namespace, service }: GatewayPlacement): InClusterSettings {
  const { fragment, retries } = gateway;
  const own: GatewaySettings = {
    host: '0.0.0.0',
    port: GATEWAY_PORT,
    adminPort: ADMIN_PORT,
    folder: FOLDER,
    requestLog: '/dev/stdout',
    fragment,
    retries,
  };
  return { ...own, namespace, service, filesFolder: FILES_FOLDER };
}

type Named = (apiVersion: string, kind: string, more: object) => WrittenObject;

function rightsOf({ gateway, namespace }: GatewayPlacement, named: Named): WrittenObject[] {
  const rbac = 'rbac.authorization.k8s.io';
  return [
    named('v1', 'ServiceAccount', {}),
    named(`${rbac}/v1`, 'Role', { rules: gateway.kind.inCluster.rules }),
    named(`${rbac}/v1`, 'RoleBinding', {
      roleRef: { apiGroup: rbac, kind: 'Role', name: GATEWAY_NAME },
      subjects: [{ kind: 'ServiceAccount', name: GATEWAY_NAME, namespace }],
    }),
  ];
}

/** Without a class of its own: only a controller that is told to look at this namespace acts on the annotation. */
function ingressOf({ namespace, service }: GatewayPlacement, annotations: object): WrittenObject {
  const backend = { service: { name: service.name, port: { number: service.port } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: GATEWAY_NAME, namespace, annotations },
    spec: { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
  };
}

function podSpec({ gateway, feedImage }: GatewayPlacement, settings: InClusterSettings): object {
  const { rules, capabilities, command, environment, feed } = gateway.kind.inCluster;
  const mounts = [
    { name: 'folder', mountPath: FOLDER },
    { name: 'files', mountPath: FILES_FOLDER, readOnly: true },
    { name: 'tmp', mountPath: '/tmp' },
  ];
  const securityContext = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], ...(capabilities && { add: capabilities }) },
  };
  const main = {
    name: GATEWAY_CONTAINER,
    image: gateway.image,
    imagePullPolicy: 'IfNotPresent',
    command: command(settings),
    env: Object.entries(environment?.(settings) ?? {}).map(([name, value]) => ({ name, value })),
    ports: [{ name: 'http', containerPort: GATEWAY_PORT }],
    // Whether it answers is asked through it, because that depends on the app's pods too.
    readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1, failureThreshold: 3 },
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '512Mi' } },
    volumeMounts: mounts,
    securityContext,
  };
  const feedContainer = (name: string, ...more: string[]) =>
    feed && {
      name,
      image: feedImage,
      imagePullPolicy: 'IfNotPresent',
      command: ['node', `${FILES_FOLDER}/${feed.script}`, ...feed.arguments(settings), ...more],
      env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt' }],
      resources: { requests: { cpu: '20m', memory: '48Mi' }, limits: { memory: '128Mi' } },
      volumeMounts: mounts,
      securityContext,
    };
  const usesApi = rules.length > 0;
  return {
    ...(usesApi && { serviceAccountName: GATEWAY_NAME }),
    automountServiceAccountToken: usesApi,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 5,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(feed && { initContainers: [feedContainer('first-endpoints', 'once')] }),
    containers: feed ? [main, feedContainer('endpoints')] : [main],
    volumes: [
      { name: 'folder', emptyDir: { sizeLimit: '64Mi' } },
      { name: 'files', configMap: { name: GATEWAY_NAME } },
      { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
    ],
  };
}
