import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  containerWithDefaults,
  minReplicasOf,
  podWithDefaults,
  probeWithDefaults,
  servicePortsWithDefaults,
  withDefaults,
} from '../../src/kubernetes-rules/defaults.ts';
import { stopSignalOf } from '../../src/kubernetes-rules/stop-signal.ts';
import type * as Written from '../../src/kubernetes-rules/written-objects.ts';

const TEMPLATE = { spec: { containers: [{ name: 'app' }] } };

/** The spec with its defaults, without selector and template. */
function specOf(kind: string, spec: object): object {
  const workload = { apiVersion: 'apps/v1', kind, metadata: { name: 'a' }, spec: { selector: {}, ...spec } };
  const written = { ...workload, spec: { template: TEMPLATE, ...workload.spec } } as Written.Workload;
  const { selector: _, template: __, ...rest } = withDefaults(written).spec;
  return rest;
}

describe("the API server's defaults for", () => {
  const LIMITS = { maxSurge: '25%', maxUnavailable: '25%' };
  const deployment = { replicas: 1, minReadySeconds: 0, progressDeadlineSeconds: 600 };
  const statefulSet = { replicas: 1, minReadySeconds: 0, podManagementPolicy: 'OrderedReady' };
  const rolling = (rollingUpdate: object) => ({ type: 'RollingUpdate', rollingUpdate });

  const table: [what: string, kind: string, written: object, filled: object][] = [
    ['an empty Deployment', 'Deployment', {}, { ...deployment, strategy: rolling(LIMITS) }],
    [
      'a Deployment with one limit',
      'Deployment',
      { strategy: { rollingUpdate: { maxSurge: 0 } } },
      { ...deployment, strategy: rolling({ ...LIMITS, maxSurge: 0 }) },
    ],
    [
      'a Deployment with zeros, which stay',
      'Deployment',
      { replicas: 0, progressDeadlineSeconds: 0, strategy: rolling({ maxSurge: 0, maxUnavailable: 0 }) },
      { ...deployment, replicas: 0, progressDeadlineSeconds: 0, strategy: rolling({ maxSurge: 0, maxUnavailable: 0 }) },
    ],
    [
      'Recreate, which gets no limits',
      'Deployment',
      { strategy: { type: 'Recreate' } },
      { ...deployment, strategy: { type: 'Recreate', rollingUpdate: undefined } },
    ],
    [
      'a Deployment with unknown fields, which stay',
      'Deployment',
      { paused: true, more: 1 },
      { ...deployment, paused: true, more: 1, strategy: rolling(LIMITS) },
    ],
    [
      'a StatefulSet',
      'StatefulSet',
      {},
      { ...statefulSet, updateStrategy: rolling({ partition: 0, maxUnavailable: 1 }) },
    ],
    [
      'a StatefulSet with a partition',
      'StatefulSet',
      { podManagementPolicy: 'Parallel', updateStrategy: { rollingUpdate: { partition: 2 } } },
      {
        ...statefulSet,
        podManagementPolicy: 'Parallel',
        updateStrategy: rolling({ partition: 2, maxUnavailable: 1 }),
      },
    ],
    [
      'a StatefulSet with OnDelete',
      'StatefulSet',
      { updateStrategy: { type: 'OnDelete' } },
      { ...statefulSet, updateStrategy: { type: 'OnDelete', rollingUpdate: undefined } },
    ],
    [
      'a DaemonSet',
      'DaemonSet',
      {},
      { minReadySeconds: 0, updateStrategy: rolling({ maxSurge: 0, maxUnavailable: 1 }) },
    ],
  ];
  for (const [what, kind, written, filled] of table) {
    test(what, () => assert.deepEqual(specOf(kind, written), filled));
  }

  test('a pod', () => {
    assert.deepEqual(podWithDefaults(TEMPLATE.spec), {
      terminationGracePeriodSeconds: 30,
      restartPolicy: 'Always',
      containers: [{ name: 'app' }],
    });
    assert.equal(
      podWithDefaults({ ...TEMPLATE.spec, terminationGracePeriodSeconds: 0 }).terminationGracePeriodSeconds,
      0,
    );
  });

  test("a pod's init containers, and requests as high as the limits", () => {
    const init = { name: 'init', resources: { limits: { cpu: 1, memory: '1Gi' }, requests: { cpu: '100m' } } };
    const { initContainers } = podWithDefaults({
      ...TEMPLATE.spec,
      initContainers: [{ ...init, readinessProbe: { grpc: { port: 1 } } }],
    });
    assert.deepEqual(initContainers, [
      {
        name: 'init',
        resources: { limits: { cpu: 1, memory: '1Gi' }, requests: { cpu: '100m', memory: '1Gi' } },
        readinessProbe: { ...PROBE, grpc: { port: 1 } },
      },
    ]);
  });

  const PROBE = {
    initialDelaySeconds: 0,
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  };
  const probes: [what: string, written: Written.Probe, filled: object][] = [
    ['a probe', {}, PROBE],
    [
      'a probe with zeros',
      { initialDelaySeconds: 0, timeoutSeconds: 0, periodSeconds: 0, successThreshold: 0, failureThreshold: 0 },
      PROBE,
    ],
    ['a probe with a negative number, which admission rejects', { periodSeconds: -1 }, { ...PROBE, periodSeconds: -1 }],
    [
      'a probe with httpGet',
      { httpGet: { port: 80 }, timeoutSeconds: 5 },
      { ...PROBE, httpGet: { port: 80, path: '/', scheme: 'HTTP' }, timeoutSeconds: 5 },
    ],
    [
      'a probe whose httpGet sets every field',
      { httpGet: { port: 80, path: '/a', scheme: 'HTTPS', host: 'b' } },
      { ...PROBE, httpGet: { port: 80, path: '/a', scheme: 'HTTPS', host: 'b' } },
    ],
  ];
  for (const [what, written, filled] of probes) {
    test(what, () => assert.deepEqual(probeWithDefaults(written), filled));
  }

  test('a container, its ports, its hook and its probes', () => {
    assert.deepEqual(
      containerWithDefaults({
        name: 'app',
        ports: [{ containerPort: 53, protocol: 'UDP' }, { containerPort: 80 }],
        lifecycle: { preStop: { httpGet: { port: 80 } }, stopSignal: 'SIGQUIT' },
        livenessProbe: { exec: { command: ['true'] } },
      }),
      {
        name: 'app',
        ports: [
          { containerPort: 53, protocol: 'UDP' },
          { containerPort: 80, protocol: 'TCP' },
        ],
        lifecycle: { preStop: { httpGet: { port: 80, path: '/', scheme: 'HTTP' } }, stopSignal: 'SIGQUIT' },
        livenessProbe: { exec: { command: ['true'] }, ...PROBE },
      },
    );
  });

  test("a Service's ports", () => {
    assert.deepEqual(servicePortsWithDefaults([{ port: 80 }, { port: 81, targetPort: 'http', protocol: 'UDP' }]), [
      { port: 80, targetPort: 80, protocol: 'TCP' },
      { port: 81, targetPort: 'http', protocol: 'UDP' },
    ]);
  });

  test('an autoscaler', () => assert.deepEqual([minReplicasOf({}), minReplicasOf({ minReplicas: 3 })], [1, 3]));
});

test('the stop signal comes from the manifest, or else from the image', () => {
  const lifecycle = { stopSignal: 'SIGQUIT' };
  assert.deepEqual(
    [stopSignalOf({ lifecycle }), stopSignalOf({ lifecycle: {} }), stopSignalOf({})],
    ['SIGQUIT', undefined, undefined],
  );
});

test('the written object is not changed', () => {
  const written: Written.Container = { name: 'app', readinessProbe: { httpGet: { port: 80 } } };
  const before = structuredClone(written);
  containerWithDefaults(written);
  assert.deepEqual(written, before);
});
