/** Manifests in which one field has a wrong type. */
import { manifestText } from '../test/manifests/manifest-text.ts';
import type { Hostile } from './manifest-inputs.ts';

const POD = 'spec.template.spec';
const APP = `${POD}.containers[0]`;

const WRONG: readonly unknown[] = [
  null,
  true,
  7,
  -1,
  1.5,
  '',
  'x',
  '7',
  [],
  ['x'],
  [7],
  [null],
  {},
  { x: 1 },
  [[]],
  [{}],
];

/** Fields that are read, each of which gets wrong values. */
const FIELDS: readonly [object: 'deployment' | 'service', field: string][] = [
  ...[
    'apiVersion',
    'kind',
    'metadata',
    'metadata.name',
    'metadata.namespace',
    'metadata.labels',
    'metadata.annotations',
    'spec',
  ].flatMap((field) =>
    [['deployment', field] as const, ['service', field] as const].map(([a, b]): ['deployment' | 'service', string] => [
      a,
      b,
    ]),
  ),
  ...[
    'spec.replicas',
    'spec.minReadySeconds',
    'spec.progressDeadlineSeconds',
    'spec.paused',
    'spec.selector',
    'spec.selector.matchLabels',
    'spec.selector.matchLabels.app',
    'spec.selector.matchExpressions',
    'spec.selector.matchExpressions[0]',
    'spec.strategy',
    'spec.strategy.type',
    'spec.strategy.rollingUpdate',
    'spec.strategy.rollingUpdate.maxSurge',
    'spec.strategy.rollingUpdate.maxUnavailable',
    'spec.template',
    'spec.template.metadata',
    'spec.template.metadata.labels',
    'spec.template.metadata.labels.app',
    'spec.template.spec',
    ...[
      'terminationGracePeriodSeconds',
      'restartPolicy',
      'hostNetwork',
      'shareProcessNamespace',
      'os',
      'os.name',
      'initContainers',
      'containers',
      'containers[0]',
      'containers[1]',
      'volumes',
      'affinity',
    ].map((field) => `${POD}.${field}`),
    ...[
      'name',
      'image',
      'command',
      'command[0]',
      'args',
      'args[0]',
      'env',
      'env[0]',
      'env[0].name',
      'env[0].value',
      'env[0].valueFrom',
      'ports',
      'ports[0]',
      'ports[0].containerPort',
      'ports[0].name',
      'ports[0].protocol',
      'ports[0].hostPort',
      'lifecycle',
      'lifecycle.stopSignal',
      'lifecycle.preStop',
      'lifecycle.preStop.sleep',
      'lifecycle.preStop.sleep.seconds',
      'lifecycle.preStop.exec',
      'lifecycle.preStop.exec.command',
      'lifecycle.preStop.exec.command[0]',
      'lifecycle.preStop.httpGet',
      'lifecycle.preStop.httpGet.port',
      'lifecycle.preStop.tcpSocket',
      'readinessProbe',
      'readinessProbe.httpGet',
      'readinessProbe.httpGet.path',
      'readinessProbe.httpGet.port',
      'readinessProbe.httpGet.httpHeaders',
      'readinessProbe.tcpSocket',
      'readinessProbe.exec.command',
      'readinessProbe.periodSeconds',
      'readinessProbe.failureThreshold',
      'livenessProbe',
      'startupProbe',
      'restartPolicy',
      'resources',
    ].map((field) => `${APP}.${field}`),
  ].map((field): ['deployment', string] => ['deployment', field]),
  ...[
    'spec.selector',
    'spec.selector.app',
    'spec.ports',
    'spec.ports[0]',
    'spec.ports[0].port',
    'spec.ports[0].targetPort',
    'spec.ports[0].name',
    'spec.sessionAffinity',
    'spec.externalTrafficPolicy',
    'spec.type',
    'spec.clusterIP',
    'spec.publishNotReadyAddresses',
  ].map((field): ['service', string] => ['service', field]),
];

/** Each field with each wrong type; the kinds of workload take turns. */
export function wrongTypes(): Hostile[] {
  const kinds = ['Deployment', 'StatefulSet', 'DaemonSet'];
  return FIELDS.flatMap(([object, field], at) =>
    WRONG.map((value, index) => {
      const kind = kinds[(at + index) % 3] ?? '';
      const ofKind = kind === 'Deployment' ? field : field.replace('spec.strategy', 'spec.updateStrategy');
      const deployment = { kind, ...(object === 'deployment' && { [ofKind]: value }) };
      const text = manifestText({ deployment, ...(object === 'service' && { service: { [field]: value } }) });
      return { what: `${object} of ${kind}, ${field} = ${JSON.stringify(value)}`, text };
    }),
  );
}
