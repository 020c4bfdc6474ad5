/**
 * Which manifest fields the local cluster carries out. A field that could change the result and is not carried out is
 * an error: a simulation that ignores what it was told gives an answer to another question.
 */
import { InputError } from '../../errors.ts';
import type { Probe } from '../../kubernetes-rules/objects.ts';
import type { KubernetesObject } from '../../kubernetes-rules/written-objects.ts';
import type { Manifests } from '../../manifests/manifests.ts';

const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'].flatMap((probe) =>
  [
    'httpGet.path',
    'httpGet.port',
    'httpGet.httpHeaders[].name',
    'httpGet.httpHeaders[].value',
    'tcpSocket.port',
    'exec.command[]',
    'initialDelaySeconds',
    'periodSeconds',
    'timeoutSeconds',
    'successThreshold',
    'failureThreshold',
  ].map((field) => `${probe}.${field}`),
);

const CARRIED_OUT = {
  Deployment: [
    'spec.replicas',
    'spec.minReadySeconds',
    'spec.progressDeadlineSeconds',
    'spec.selector.matchLabels.*',
    'spec.selector.matchExpressions[].key',
    'spec.selector.matchExpressions[].operator',
    'spec.selector.matchExpressions[].values[]',
    'spec.strategy.type',
    'spec.strategy.rollingUpdate.maxSurge',
    'spec.strategy.rollingUpdate.maxUnavailable',
    'spec.template.spec.terminationGracePeriodSeconds',
    ...[
      'name',
      'image',
      'command[]',
      'args[]',
      'env[].name',
      'env[].value',
      'env[].valueFrom.fieldRef.fieldPath',
      'ports[].containerPort',
      'ports[].name',
      'lifecycle.preStop.sleep.seconds',
      'lifecycle.preStop.exec.command[]',
      'lifecycle.preStop.httpGet.path',
      'lifecycle.preStop.httpGet.port',
      'lifecycle.stopSignal',
      ...PROBES,
    ].map((field) => `spec.template.spec.containers[].${field}`),
  ],
  Service: ['spec.selector.*', 'spec.ports[].name', 'spec.ports[].port', 'spec.ports[].targetPort'],
};

/** Fields that cannot change how many requests a rollout breaks on one machine: identity, security, placement. */
const WITHOUT_EFFECT = {
  Deployment: [
    'apiVersion',
    'kind',
    'metadata.**',
    'spec.revisionHistoryLimit',
    'spec.template.metadata.**',
    ...[
      'securityContext.**',
      'serviceAccountName',
      'automountServiceAccountToken',
      'enableServiceLinks',
      'affinity.**',
      'topologySpreadConstraints.**',
      'nodeSelector.**',
      'tolerations.**',
      'imagePullSecrets.**',
      'priorityClassName',
      'restartPolicy',
      'os.name',
      'dnsPolicy',
      'schedulerName',
      'containers[].imagePullPolicy',
      'containers[].securityContext.**',
      'containers[].resources.**',
      'containers[].terminationMessagePath',
      'containers[].terminationMessagePolicy',
      'containers[].ports[].protocol',
      'containers[].env[].valueFrom.fieldRef.apiVersion',
      ...['startupProbe', 'readinessProbe', 'livenessProbe'].map((probe) => `containers[].${probe}.httpGet.scheme`),
      'containers[].lifecycle.preStop.httpGet.scheme',
    ].map((field) => `spec.template.spec.${field}`),
  ],
  Service: [
    'apiVersion',
    'kind',
    'metadata.**',
    'spec.type',
    'spec.clusterIP',
    'spec.ipFamilyPolicy',
    'spec.ports[].protocol',
    'spec.ports[].appProtocol',
    'spec.ports[].nodePort',
  ],
};

/** Kinds beside the Deployment and the Service that take no part in a rollout. */
const KINDS_WITHOUT_EFFECT = ['Namespace', 'ServiceAccount', 'PodDisruptionBudget'];

/** @throws InputError naming the first field or kind that the local cluster does not carry out */
export function assertSupported(manifests: Manifests): void {
  for (const object of manifests.objects) {
    if (KINDS_WITHOUT_EFFECT.includes(object.kind)) continue;
    if (object.kind !== 'Deployment' && object.kind !== 'Service') {
      fail(manifests, object, `a ${object.kind} is`);
    }
    const allowed = [...CARRIED_OUT[object.kind], ...WITHOUT_EFFECT[object.kind]];
    const unknown = leaves(object).find((leaf) => !allowed.some((pattern) => matches(pattern, leaf)));
    if (unknown) fail(manifests, object, `${unknown} is`);
  }
  const { workload, service } = manifests;
  const { containers, terminationGracePeriodSeconds, os } = workload.spec.template.spec;
  if (containers.length > 1) fail(manifests, workload, 'spec.template.spec.containers[1] (a second container) is');
  if (os && os.name !== 'linux') fail(manifests, workload, `spec.template.spec.os.name: ${os.name} is`);
  if (terminationGracePeriodSeconds === 0) {
    fail(manifests, workload, 'spec.template.spec.terminationGracePeriodSeconds: 0 (forced deletion) is');
  }
  if (terminationGracePeriodSeconds < 0) {
    const field = `spec.template.spec.terminationGracePeriodSeconds: ${terminationGracePeriodSeconds}`;
    fail(manifests, workload, `${field} (which the API server turns into 1) is`);
  }
  if (service.spec.clusterIP === 'None') {
    fail(manifests, service, 'spec.clusterIP: None (a Service that no router serves) is');
  }
  const otherPort = fieldWithOtherPort(manifests);
  if (otherPort) fail(manifests, workload, `${otherPort} (another port than the Service's targetPort) is`);
  const scheme = manifests.objects.map((object) => leafWithValue(object, /\.scheme$/, 'HTTPS')).find(Boolean);
  if (scheme) fail(manifests, workload, `${scheme}: HTTPS is`);
}

function fail(manifests: Manifests, object: Pick<KubernetesObject, 'kind' | 'metadata'>, what: string): never {
  throw new InputError(
    `${manifests.source}: ${object.kind} "${object.metadata.name}": ${what} not carried out by the local cluster and could change the result; remove it, or measure on a real cluster`,
  );
}

/** A probe or hook that asks another port than the one the Service sends to: each pod has one port here. */
function fieldWithOtherPort({ workload, service }: Manifests): string | undefined {
  const [container] = workload.spec.template.spec.containers;
  const number = (port: number | string | undefined) =>
    typeof port === 'string' ? container.ports?.find(({ name }) => name === port)?.containerPort : port;
  const served = number(service.spec.ports[0].targetPort);
  const handlers = {
    startupProbe: container.startupProbe,
    readinessProbe: container.readinessProbe,
    livenessProbe: container.livenessProbe,
    'lifecycle.preStop': container.lifecycle?.preStop as Pick<Probe, 'httpGet'> | undefined,
  };
  for (const [name, handler] of Object.entries<Pick<Probe, 'httpGet' | 'tcpSocket'> | undefined>(handlers)) {
    for (const kind of ['httpGet', 'tcpSocket'] as const) {
      const port = handler?.[kind]?.port;
      if (port !== undefined && number(port) !== served) {
        return `spec.template.spec.containers[0].${name}.${kind}.port`;
      }
    }
  }
  return undefined;
}

/** Paths of all scalar and empty values: `spec.containers[0].name`. */
function leaves(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, `${path}[${index}]`));
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object') return [path];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`));
}

function leafWithValue(object: KubernetesObject, path: RegExp, wanted: unknown): string | undefined {
  return leaves(object).find((leaf) => {
    const value = leaf
      .replaceAll(/\[(\d+)\]/g, '.$1')
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
    return path.test(leaf) && value === wanted;
  });
}

function matches(pattern: string, leaf: string): boolean {
  const path = leaf.replaceAll(/\[\d+\]/g, '[]');
  if (pattern.endsWith('.**')) {
    const stem = pattern.slice(0, -3);
    return path.startsWith(`${stem}.`) || path.startsWith(`${stem}[]`);
  }
  if (pattern.endsWith('.*')) return path.startsWith(pattern.slice(0, -1));
  return path === pattern;
}
