/** What the local cluster refuses, and how a run can assume that it is absent. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAssumedField, withAssumptions } from '../../src/clusters/local/fields/assume.ts';
import { fieldReport } from '../../src/clusters/local/fields/field-report.ts';
import { assertSupported } from '../../src/clusters/local/fields/supported.ts';
import { InputError } from '../../src/errors.ts';
import { readManifests } from '../../src/manifests/manifests.ts';
import { overlayNames } from '../../src/manifests/overlays.ts';
import { readRendered } from '../../src/manifests/render-files.ts';
import { manifests, type Written } from '../manifests/manifest-text.ts';

const POD = 'spec.template.spec';
const APP = `${POD}.containers[0]`;

const other = (kind: string, apiVersion = 'v1', spec: object = {}) => ({
  apiVersion,
  kind,
  metadata: { name: 'shop' },
  spec,
});
const pod = (field: string, value: unknown): Written => ({ deployment: { [`${POD}.${field}`]: value } });
const app = (field: string, value: unknown): Written => ({ deployment: { [`${APP}.${field}`]: value } });
const statefulSet = (field: string, value: unknown): Written => ({
  deployment: { kind: 'StatefulSet', [`spec.${field}`]: value },
});
const service = (field: string, value: unknown): Written => ({ service: { [`spec.${field}`]: value } });
const label = (key: string, value: string): Written => ({
  deployment: { 'spec.template.metadata.labels': { app: 'shop', [key]: value } },
});

const HOST_PORT = [{ containerPort: 8080, name: 'http', hostPort: 80 }];
const surging = (maxSurge: number | string): Written => ({
  deployment: { [`${POD}.hostNetwork`]: true, 'spec.strategy.rollingUpdate': { maxSurge, maxUnavailable: 1 } },
});

describe('the local cluster supports', () => {
  for (const overlay of overlayNames()) {
    test(overlay, () => assertSupported(readManifests(readRendered(overlay), overlay)));
  }

  const table: [what: string, written: Written][] = [
    ['a Deployment with only the required fields', {}],
    ['labels and annotations of any name', { deployment: { 'metadata.annotations': { 'a.b/c': 'd' } } }],
    ['an annotation with the name of an inherited property', { deployment: { 'metadata.annotations.toString': 'd' } }],
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
    ['a DaemonSet', { deployment: { kind: 'DaemonSet', 'spec.replicas': undefined } }],
    ['maxUnavailable of a StatefulSet', statefulSet('updateStrategy.rollingUpdate.maxUnavailable', 2)],
    ['the address that an API server gave the Service', service('clusterIP', '10.96.0.7')],
    ['a Service without session affinity, as an API server stores it', service('sessionAffinity', 'None')],
    ['a Deployment that is not paused', { deployment: { 'spec.paused': false } }],
    ['an empty list where an item would be refused', pod('readinessGates', [])],
    ['the host network of pods that are replaced in place', surging(0)],
    [
      'the host network with Recreate',
      { deployment: { [`${POD}.hostNetwork`]: true, 'spec.strategy.type': 'Recreate' } },
    ],
    ['a host port of a StatefulSet', statefulSet('template.spec.containers[0].ports', HOST_PORT)],
    ['a volume', pod('volumes', [{ name: 'data', emptyDir: {} }])],
    ['pods without a sidecar of a mesh', label('sidecar.istio.io/inject', 'false')],
    ['another stop signal', { deployment: { [`${APP}.lifecycle.stopSignal`]: 'SIGINT', [`${POD}.os.name`]: 'linux' } }],
    [
      'a selector with matchExpressions',
      { deployment: { 'spec.selector.matchExpressions': [{ key: 'app', operator: 'In', values: ['shop'] }] } },
    ],
    [
      'objects that play no part in a rollout',
      {
        more: [
          other('ServiceAccount'),
          other('PodDisruptionBudget', 'policy/v1'),
          other('Ingress', 'networking.k8s.io/v1'),
          other('Certificate', 'cert-manager.io/v1'),
        ],
      },
    ],
    [
      'what an API server writes',
      {
        deployment: {
          'metadata.resourceVersion': '1',
          'metadata.uid': 'a',
          'status.replicas': 3,
          'metadata.generation': 1,
        },
        service: { 'spec.clusterIPs': ['10.96.0.7'], 'status.loadBalancer': {}, 'spec.ipFamilies': ['IPv4'] },
      },
    ],
  ];
  for (const [what, written] of table) {
    test(what, () => assertSupported(manifests(written)));
  }
});

const REFUSED: [what: string, written: Written, object: string, named: string, assume: string][] = [
  ['a paused Deployment', { deployment: { 'spec.paused': true } }, 'Deployment', 'spec.paused: true', 'paused'],
  ['the host network', pod('hostNetwork', true), 'Deployment', `${POD}.hostNetwork: true`, 'hostNetwork'],
  ['the host network with a surge', surging('1%'), 'Deployment', `${POD}.hostNetwork: true`, 'hostNetwork'],
  ["the node's processes", pod('hostPID', true), 'Deployment', `${POD}.hostPID: true`, 'hostPID'],
  [
    'a readiness gate',
    pod('readinessGates', [{ conditionType: 'a/b' }]),
    'Deployment',
    `${POD}.readinessGates`,
    'readinessGates',
  ],
  [
    'a grace period of 0',
    pod('terminationGracePeriodSeconds', 0),
    'Deployment',
    `${POD}.terminationGracePeriodSeconds: 0`,
    'spec.terminationGracePeriodSeconds',
  ],
  [
    'a negative grace period',
    pod('terminationGracePeriodSeconds', -1),
    'Deployment',
    `${POD}.terminationGracePeriodSeconds: -1`,
    'spec.terminationGracePeriodSeconds',
  ],
  [
    'a preStop tcpSocket',
    app('lifecycle.preStop.tcpSocket.port', 1),
    'Deployment',
    `${APP}.lifecycle.preStop.tcpSocket`,
    'tcpSocket',
  ],
  ['a host port', app('ports', HOST_PORT), 'Deployment', `${APP}.ports[0].hostPort: 80`, 'hostPort'],
  [
    'a probe of another host',
    app('readinessProbe.httpGet', { host: 'a', port: 80 }),
    'Deployment',
    `${APP}.readinessProbe.httpGet.host: a`,
    'readinessProbe.httpGet.host',
  ],
  [
    'a stop signal that Node cannot send',
    app('lifecycle.stopSignal', 'SIGRTMIN+3'),
    'Deployment',
    `${APP}.lifecycle.stopSignal: SIGRTMIN+3`,
    'stopSignal',
  ],
  ['Windows pods', pod('os.name', 'windows'), 'Deployment', `${POD}.os.name: windows`, 'os.name'],
  ['a Deployment without pods', { deployment: { 'spec.replicas': 0 } }, 'Deployment', 'spec.replicas: 0', 'replicas'],
  [
    'a sidecar of a mesh',
    label('sidecar.istio.io/inject', 'true'),
    'Deployment',
    'spec.template.metadata.labels.sidecar.istio.io/inject: true',
    'sidecar.istio.io/inject',
  ],
  [
    'a mesh for the whole namespace',
    {
      more: [
        {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: 'default', labels: { 'istio-injection': 'enabled' } },
        },
      ],
    },
    'Namespace',
    'metadata.labels.istio-injection: enabled',
    'istio-injection',
  ],
  [
    'a StatefulSet that replaces no pod',
    statefulSet('updateStrategy.type', 'OnDelete'),
    'StatefulSet',
    'spec.updateStrategy.type: OnDelete',
    'updateStrategy.type',
  ],
  [
    'session affinity',
    service('sessionAffinity', 'ClientIP'),
    'Service',
    'spec.sessionAffinity: ClientIP',
    'sessionAffinity',
  ],
  [
    'a Service with internalTrafficPolicy',
    service('internalTrafficPolicy', 'Local'),
    'Service',
    'spec.internalTrafficPolicy: Local',
    'internalTrafficPolicy',
  ],
];

describe('the local cluster rejects, naming the field,', () => {
  for (const [what, written, object, named] of REFUSED) {
    test(what, () => {
      assert.throws(
        () => assertSupported(manifests(written)),
        (error) => {
          assert.ok(error instanceof InputError, `${error}`);
          const [start, rest] = error.message.split(/(?:Deployment|StatefulSet|Service|Namespace) "[a-z]+": /);
          assert.equal(start, 'shop.yaml: ');
          assert.ok(error.message.includes(`${object} "`) && rest?.startsWith(named), error.message);
          assert.match(
            error.message,
            /is not carried out by the local cluster and could change the result: \S.*; remove it, measure /,
          );
          return true;
        },
      );
    });
  }

  test('a Deployment without pods, with a number to assume', () =>
    assert.throws(
      () => assertSupported(manifests({ deployment: { 'spec.replicas': 0 } })),
      /or as if it were 2 with --assume replicas=2$/,
    ));

  const typos: [what: string, written: Written, field: string][] = [
    ['a field of a workload', { deployment: { 'spec.replica': 3 } }, 'spec.replica'],
    ['a field of a container', app('readinesProbe', {}), `${APP}.readinesProbe`],
    ['a field of a Service', service('port', []), 'spec.port'],
    ['a field at the top', { deployment: { data: { a: 'b' } } }, 'data'],
  ];
  for (const [what, written, field] of typos) {
    test(`${what} that the API does not have, as kubectl does`, () =>
      assert.throws(
        () => assertSupported(manifests(written)),
        (error) => {
          assert.ok(error instanceof InputError);
          assert.ok(error.message.includes(`strict decoding error: unknown field "${field}"`), error.message);
          return true;
        },
      ));
  }

  test('all fields at once, a line each', () => {
    const several = { ...pod('hostNetwork', true), ...service('sessionAffinity', 'ClientIP') };
    assert.throws(
      () => assertSupported(manifests(several)),
      (error) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, /^shop\.yaml: 2 fields could change the result and are not carried out/);
        assert.deepEqual(
          error.details.map((line) => /--assume (\S+)$/.exec(line)?.[1]),
          ['hostNetwork', 'sessionAffinity'],
        );
        return true;
      },
    );
  });
});

const assume = (written: Written, ...texts: string[]) =>
  withAssumptions(manifests(written), texts.map(parseAssumedField));

describe('--assume', () => {
  for (const [what, written, , , name] of REFUSED) {
    if (name === 'replicas') continue; // absent, it would be 1
    test(`${name} measures as if there were not ${what}`, () => {
      const assumed = assume(written, name);
      assertSupported(assumed);
      assert.equal(assumed.assumed.length, 1);
      assert.ok(fieldReport(assumed).fields.every(({ field }) => field !== assumed.assumed[0]?.field));
    });
  }
  test('with a value measures as if the field had it', () => {
    const { workload, assumed } = assume({ deployment: { 'spec.replicas': 0 } }, 'replicas=4');
    assert.ok(workload.kind === 'Deployment');
    assert.equal(workload.spec.replicas, 4);
    assert.deepEqual(assumed, [{ field: 'spec.replicas', value: '4', why: 'there are no pods to replace' }]);
  });
  test('takes the whole path too, with indices', () => {
    const { assumed } = assume(app('lifecycle.preStop.tcpSocket.port', 1), `${APP}.lifecycle.preStop.tcpSocket`);
    assert.equal(assumed.length, 1);
  });
  test('leaves out the same field of every container', () => {
    const hook = { name: 'a', lifecycle: { preStop: { tcpSocket: { port: 1 } } } };
    const { workload } = assume(pod('containers', [hook, { ...hook, name: 'b' }]), 'tcpSocket');
    assert.deepEqual(
      workload.spec.template.spec.containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep),
      [undefined, undefined],
    );
  });
  test('leaves out all fields that the API does not have, as an API server without strict decoding does', () => {
    const typos = { deployment: { 'spec.replica': 3, [`${APP}.hostname`]: 'a' } };
    assertSupported(assume(typos, 'unknown-fields'));
    assert.throws(() => assertSupported(assume(typos, 'spec.replica')), /unknown field "spec\.template\..*hostname"/);
  });

  const wrong: [what: string, written: Written, text: string, message: RegExp][] = [
    [
      'a field that is not there',
      {},
      'hostNetwork',
      /^--assume hostNetwork: shop\.yaml has no such field that is refused; /,
    ],
    ['a field that is carried out', {}, 'spec.replicas=9', /every field that it has is carried out or has no effect$/],
    ['another than the refused one', pod('hostPID', true), 'hostNetwork', /; it has hostPID$/],
    ['only a part of a name', pod('hostNetwork', true), 'Network', /has no such field/],
  ];
  for (const [what, written, text, message] of wrong) {
    test(`of ${what} is an error`, () =>
      assert.throws(() => assume(written, text), { constructor: InputError, message }));
  }
  for (const text of ['', '=1', ' =x']) {
    test(`"${text}" is an error`, () => assert.throws(() => parseAssumedField(text), /must be FIELD or FIELD=VALUE/));
  }
  test('of a value that is refused as well is refused', () =>
    assert.throws(
      () => assertSupported(assume(service('sessionAffinity', 'ClientIP'), 'sessionAffinity=Client')),
      InputError,
    ));
});

describe('the replicas are at least what an autoscaler keeps:', () => {
  const hpa = (spec: object, kind = 'HorizontalPodAutoscaler', apiVersion = 'autoscaling/v2') =>
    other(kind, apiVersion, { scaleTargetRef: { kind: 'Deployment', name: 'shop' }, ...spec });
  const table: [what: string, replicas: number | undefined, autoscaler: object, expected: number][] = [
    ['more than written', 1, hpa({ minReplicas: 4 }), 4],
    ['more than the default', undefined, hpa({ minReplicas: 2 }), 2],
    ['fewer than written', 5, hpa({ minReplicas: 2 }), 5],
    ['one by default', 3, hpa({}), 3],
    ['by KEDA', 1, hpa({ minReplicaCount: 3 }, 'ScaledObject', 'keda.sh/v1alpha1'), 3],
    ['none by KEDA', 2, hpa({}, 'ScaledObject', 'keda.sh/v1alpha1'), 2],
    ['of another workload', 1, hpa({ scaleTargetRef: { kind: 'Deployment', name: 'blog' }, minReplicas: 4 }), 1],
    ['that a workload without pods does not get', 0, hpa({ minReplicas: 4 }), 0],
  ];
  for (const [what, replicas, autoscaler, expected] of table) {
    test(what, () => {
      const { workload, notes } = assume({ deployment: { 'spec.replicas': replicas }, more: [autoscaler] });
      assert.ok(workload.kind === 'Deployment');
      assert.equal(workload.spec.replicas, expected);
      assert.equal(notes.length, expected === (replicas ?? 1) ? 0 : 1);
    });
  }
});

test('other objects are counted by kind, with what is read of them', () => {
  const { others } = fieldReport(
    manifests({
      more: [
        other('ConfigMap'),
        other('Certificate', 'cert-manager.io/v1'),
        other('Role', 'rbac.authorization.k8s.io/v1'),
      ],
    }),
  );
  assert.deepEqual(
    others.map(({ kind, count, read }) => [kind, count, read !== undefined]),
    [
      ['ConfigMap', 1, true],
      ['Certificate', 1, false],
      ['Role', 1, false],
    ],
  );
});
