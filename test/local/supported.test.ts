import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertSupported } from '../../src/clusters/local/supported.ts';
import { InputError } from '../../src/errors.ts';
import { readManifests } from '../../src/manifests/manifests.ts';
import { overlayNames } from '../../src/manifests/overlays.ts';
import { readRendered } from '../../src/manifests/render-files.ts';
import { manifests, type Written } from '../manifests/manifest-text.ts';

const POD = 'spec.template.spec';
const APP = `${POD}.containers[0]`;

const other = (kind: string, apiVersion = 'v1') => ({ apiVersion, kind, metadata: { name: 'shop' } });
const pod = (field: string, value: unknown): Written => ({ deployment: { [`${POD}.${field}`]: value } });
const app = (field: string, value: unknown): Written => ({ deployment: { [`${APP}.${field}`]: value } });
const statefulSet = (field: string, value: unknown): Written => ({
  deployment: { kind: 'StatefulSet', [`spec.${field}`]: value },
});
const service = (field: string, value: unknown): Written => ({ service: { [`spec.${field}`]: value } });

describe('the local cluster supports', () => {
  for (const overlay of overlayNames()) {
    test(overlay, () => assertSupported(readManifests(readRendered(overlay), overlay)));
  }

  const table: [what: string, written: Written][] = [
    ['a Deployment with only the required fields', {}],
    ['labels and annotations of any name', { deployment: { 'metadata.annotations': { 'a.b/c': 'd' } } }],
    ['placement, which has no effect on one machine', pod('topologySpreadConstraints', [{ maxSkew: 1 }])],
    ['a security context', pod('securityContext', { seccompProfile: { type: 'RuntimeDefault' } })],
    ['resources', app('resources', { limits: { memory: '1Gi' } })],
    ["a probe of the Service's port by name", app('readinessProbe.httpGet', { port: 'http', scheme: 'HTTP' })],
    ["a probe of the Service's port by number", app('livenessProbe.tcpSocket.port', 8080)],
    ['a command', app('command', ['node', 'server.js'])],
    ['an exec probe', app('startupProbe.exec.command', ['cat', '/tmp/ready'])],
    ['a preStop command', app('lifecycle.preStop.exec.command', ['sleep', '5'])],
    ['environment variables from fields', app('env', [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'b' } } }])],
    ['variables from a Secret', app('env', [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }])],
    ['variables from a ConfigMap', app('envFrom', [{ prefix: 'A_', configMapRef: { name: 'c', optional: true } }])],
    ['a gRPC probe', app('readinessProbe', { grpc: { port: 8080, service: 's' }, terminationGracePeriodSeconds: 1 })],
    ['a postStart hook', app('lifecycle.postStart.exec.command', ['true'])],
    [
      'init containers',
      pod('initContainers', [
        { name: 'a', command: ['b'] },
        { name: 'c', restartPolicy: 'Always' },
      ]),
    ],
    [
      'volumes, which have no effect on a command',
      {
        deployment: {
          [`${POD}.volumes`]: [{ name: 'v', configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } }],
          [`${APP}.volumeMounts`]: [{ name: 'v', mountPath: '/v', readOnly: true }],
        },
      },
    ],
    ['a Service of another type', service('type', 'NodePort')],
    ['another stop signal', { deployment: { [`${APP}.lifecycle.stopSignal`]: 'SIGINT', [`${POD}.os.name`]: 'linux' } }],
    [
      'a selector with matchExpressions',
      { deployment: { 'spec.selector.matchExpressions': [{ key: 'app', operator: 'In', values: ['shop'] }] } },
    ],
    [
      'objects that play no part in a rollout',
      {
        more: [other('Namespace'), other('ServiceAccount'), other('PodDisruptionBudget', 'policy/v1'), other('Secret')],
      },
    ],
  ];
  for (const [what, written] of table) {
    test(what, () => assertSupported(manifests(written)));
  }
});

describe('the local cluster rejects, naming the field,', () => {
  const table: [what: string, written: Written, object: string, named: string][] = [
    ['another kind', { more: [other('Ingress', 'networking.k8s.io/v1')] }, 'Ingress', 'an Ingress is'],
    ['a paused Deployment', { deployment: { 'spec.paused': true } }, 'Deployment', 'spec.paused'],
    ['the host network', pod('hostNetwork', true), 'Deployment', `${POD}.hostNetwork`],
    [
      'a readiness gate',
      pod('readinessGates', [{ conditionType: 'a/b' }]),
      'Deployment',
      `${POD}.readinessGates[0].conditionType`,
    ],
    [
      'a grace period of 0',
      pod('terminationGracePeriodSeconds', 0),
      'Deployment',
      `${POD}.terminationGracePeriodSeconds: 0 (forced deletion)`,
    ],
    [
      'a negative grace period',
      pod('terminationGracePeriodSeconds', -1),
      'Deployment',
      `${POD}.terminationGracePeriodSeconds: -1`,
    ],
    [
      'a preStop tcpSocket',
      app('lifecycle.preStop.tcpSocket.port', 1),
      'Deployment',
      `${APP}.lifecycle.preStop.tcpSocket.port`,
    ],
    [
      'a variable from a file, which needs a feature gate',
      app('env', [{ name: 'A', valueFrom: { fileKeyRef: { key: 'A' } } }]),
      'Deployment',
      `${APP}.env[0].valueFrom.fileKeyRef.key`,
    ],
    [
      'a probe of another host',
      app('readinessProbe.httpGet', { host: 'a', port: 80 }),
      'Deployment',
      `${APP}.readinessProbe.httpGet.host`,
    ],
    [
      'a stop signal that Node cannot send',
      app('lifecycle.stopSignal', 'SIGRTMIN+3'),
      'Deployment',
      `${APP}.lifecycle.stopSignal: SIGRTMIN+3`,
    ],
    ['Windows pods', pod('os.name', 'windows'), 'Deployment', `${POD}.os.name: windows`],
    ['a DaemonSet', { deployment: { kind: 'DaemonSet' } }, 'DaemonSet', 'a DaemonSet is'],
    [
      'a StatefulSet that replaces no pod',
      statefulSet('updateStrategy.type', 'OnDelete'),
      'StatefulSet',
      'spec.updateStrategy.type: OnDelete',
    ],
    [
      'a StatefulSet that does not replace all pods',
      statefulSet('updateStrategy.rollingUpdate.partition', 2),
      'StatefulSet',
      'spec.updateStrategy.rollingUpdate.partition: 2',
    ],
    [
      'maxUnavailable of a StatefulSet, which needs a feature gate',
      statefulSet('updateStrategy.rollingUpdate.maxUnavailable', 2),
      'StatefulSet',
      'spec.updateStrategy.rollingUpdate.maxUnavailable',
    ],
    ['a DaemonSet', { deployment: { kind: 'DaemonSet' } }, 'DaemonSet', 'a DaemonSet is'],
    ['session affinity', service('sessionAffinity', 'ClientIP'), 'Service', 'spec.sessionAffinity'],
    [
      'a Service that publishes pods before they are ready',
      service('publishNotReadyAddresses', true),
      'Service',
      'spec.publishNotReadyAddresses',
    ],
    [
      'a Service with internalTrafficPolicy',
      service('internalTrafficPolicy', 'Local'),
      'Service',
      'spec.internalTrafficPolicy',
    ],
  ];
  for (const [what, written, object, named] of table) {
    test(what, () => {
      assert.throws(
        () => assertSupported(manifests(written)),
        (error) => {
          assert.ok(error instanceof InputError, `${error}`);
          const [start, rest] = error.message.split(`${object} "shop": `);
          assert.equal(start, 'shop.yaml: ');
          assert.ok(rest?.startsWith(named), error.message);
          assert.match(error.message, /not supported by the local cluster and could change the result; remove it, or /);
          return true;
        },
      );
    });
  }
});
