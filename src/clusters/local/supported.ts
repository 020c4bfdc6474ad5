/**
 * The manifest fields that the local cluster supports. A field that could change the result and is not supported is an
 * error, because a simulation that ignores part of its input answers a different question.
 */
import { constants } from 'node:os';
import { InputError } from '../../errors.ts';
import type { StatefulSet } from '../../kubernetes-rules/objects.ts';
import { stopSignalOf } from '../../kubernetes-rules/stop-signal.ts';
import type { KubernetesObject } from '../../kubernetes-rules/written-objects.ts';
import type { Manifests } from '../../manifests/manifests.ts';

const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'].flatMap((probe) =>
  [
    'httpGet.path',
    'httpGet.port',
    'httpGet.scheme',
    'httpGet.httpHeaders[].name',
    'httpGet.httpHeaders[].value',
    'tcpSocket.port',
    'exec.command[]',
    'grpc.port',
    'grpc.service',
    'terminationGracePeriodSeconds',
    'initialDelaySeconds',
    'periodSeconds',
    'timeoutSeconds',
    'successThreshold',
    'failureThreshold',
  ].map((field) => `${probe}.${field}`),
);

const HOOKS = ['preStop', 'postStart'].flatMap((hook) =>
  [
    'sleep.seconds',
    'exec.command[]',
    'httpGet.path',
    'httpGet.port',
    'httpGet.scheme',
    'httpGet.httpHeaders[].name',
    'httpGet.httpHeaders[].value',
  ].map((field) => `lifecycle.${hook}.${field}`),
);

const CONTAINER = [
  'name',
  'image',
  'command[]',
  'args[]',
  'workingDir',
  'env[].name',
  'env[].value',
  ...['fieldRef.apiVersion', 'fieldRef.fieldPath', 'configMapKeyRef.*', 'secretKeyRef.*', 'resourceFieldRef.*'].map(
    (field) => `env[].valueFrom.${field}`,
  ),
  'envFrom[].prefix',
  'envFrom[].configMapRef.*',
  'envFrom[].secretRef.*',
  'ports[].containerPort',
  'ports[].name',
  'volumeMounts[].name',
  'volumeMounts[].mountPath',
  'volumeMounts[].subPath',
  'volumeMounts[].readOnly',
  'lifecycle.stopSignal',
  ...HOOKS,
  ...PROBES,
];

const WORKLOAD = [
  'spec.replicas',
  'spec.minReadySeconds',
  'spec.selector.matchLabels.*',
  'spec.selector.matchExpressions[].key',
  'spec.selector.matchExpressions[].operator',
  'spec.selector.matchExpressions[].values[]',
  'spec.template.spec.terminationGracePeriodSeconds',
  'spec.template.spec.serviceAccountName',
  'spec.template.spec.initContainers[].restartPolicy',
  ...CONTAINER.flatMap((field) =>
    ['containers', 'initContainers'].map((list) => `spec.template.spec.${list}[].${field}`),
  ),
];

const SUPPORTED_FIELDS = {
  Deployment: [
    ...WORKLOAD,
    'spec.progressDeadlineSeconds',
    'spec.strategy.type',
    'spec.strategy.rollingUpdate.maxSurge',
    'spec.strategy.rollingUpdate.maxUnavailable',
  ],
  StatefulSet: [
    ...WORKLOAD,
    'spec.podManagementPolicy',
    'spec.updateStrategy.type',
    'spec.updateStrategy.rollingUpdate.partition',
  ],
  Service: ['spec.selector.*', 'spec.ports[].name', 'spec.ports[].port', 'spec.ports[].targetPort'],
};

/** Fields that cannot change how many requests a rollout breaks on one machine: identity, security, placement. */
const WORKLOAD_WITHOUT_EFFECT = [
  'apiVersion',
  'kind',
  'metadata.**',
  'spec.revisionHistoryLimit',
  'spec.template.metadata.**',
  ...[
    'securityContext.**',
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
    'volumes[].**',
    ...['containers', 'initContainers'].flatMap((list) =>
      [
        'imagePullPolicy',
        'securityContext.**',
        'resources.**',
        'terminationMessagePath',
        'terminationMessagePolicy',
        'ports[].protocol',
        'volumeMounts[].**',
      ].map((field) => `${list}[].${field}`),
    ),
  ].map((field) => `spec.template.spec.${field}`),
];

const WITHOUT_EFFECT = {
  Deployment: WORKLOAD_WITHOUT_EFFECT,
  StatefulSet: [...WORKLOAD_WITHOUT_EFFECT, 'spec.serviceName', 'spec.persistentVolumeClaimRetentionPolicy.**'],
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

/** Other kinds of objects that play no part in a rollout. */
const KINDS_WITHOUT_EFFECT = ['Namespace', 'ServiceAccount', 'PodDisruptionBudget', 'ConfigMap', 'Secret'];

/** @throws InputError that names the first field or kind that the local cluster does not support */
export function assertSupported(manifests: Manifests): void {
  for (const object of manifests.objects) {
    if (KINDS_WITHOUT_EFFECT.includes(object.kind)) continue;
    if (!isSupportedKind(object.kind)) {
      fail(manifests, object, `${/^[AEIOU]/.test(object.kind) ? 'an' : 'a'} ${object.kind} is`);
    }
    const allowed = [...SUPPORTED_FIELDS[object.kind], ...WITHOUT_EFFECT[object.kind]];
    const unknown = leaves(object).find((leaf) => !allowed.some((pattern) => matches(pattern, leaf)));
    if (unknown) fail(manifests, object, `${unknown} is`);
  }
  const { workload } = manifests;
  const { containers, terminationGracePeriodSeconds, os } = workload.spec.template.spec;
  for (const [index, container] of containers.entries()) {
    const signal = stopSignalOf(container);
    // Node has no names for real-time signals.
    if (signal === undefined || signal in constants.signals) continue;
    const field = `spec.template.spec.containers[${index}].lifecycle.stopSignal`;
    fail(manifests, workload, `${field}: ${signal} is`);
  }
  if (os && os.name !== 'linux') fail(manifests, workload, `spec.template.spec.os.name: ${os.name} is`);
  if (terminationGracePeriodSeconds === 0) {
    fail(manifests, workload, 'spec.template.spec.terminationGracePeriodSeconds: 0 (forced deletion) is');
  }
  if (terminationGracePeriodSeconds < 0) {
    const field = `spec.template.spec.terminationGracePeriodSeconds: ${terminationGracePeriodSeconds}`;
    fail(manifests, workload, `${field} (which the API server turns into 1) is`);
  }
  if (workload.kind === 'StatefulSet') assertReplacesAll(manifests, workload);
}

function isSupportedKind(kind: string): kind is keyof typeof SUPPORTED_FIELDS {
  return Object.hasOwn(SUPPORTED_FIELDS, kind);
}

/** A rollout that does not replace all pods never completes. */
function assertReplacesAll(manifests: Manifests, statefulSet: StatefulSet): void {
  const { type, rollingUpdate } = statefulSet.spec.updateStrategy;
  if (type === 'OnDelete')
    fail(manifests, statefulSet, 'spec.updateStrategy.type: OnDelete (which replaces no pod) is');
  const partition = rollingUpdate?.partition ?? 0;
  if (partition > 0) {
    const field = 'spec.updateStrategy.rollingUpdate.partition';
    fail(manifests, statefulSet, `${field}: ${partition} (which does not replace all pods) is`);
  }
}

function fail(manifests: Manifests, object: Pick<KubernetesObject, 'kind' | 'metadata'>, what: string): never {
  throw new InputError(
    `${manifests.source}: ${object.kind} "${object.metadata.name}": ${what} not supported by the local cluster and could change the result; remove it, or measure on a real cluster`,
  );
}

/** Paths of all scalar and empty values: `spec.containers[0].name`. */
function leaves(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, `${path}[${index}]`));
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object') return [path];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`));
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
