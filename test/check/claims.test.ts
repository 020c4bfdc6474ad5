/** A finding claims no more than the input shows. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { checked } from './checked.ts';

const labels = { app: 'shop' };
const selector = { matchLabels: labels };
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'shop' },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
};

function workload(kind: string, spec: object = {}, container: object = {}) {
  const app = { name: 'app', image: 'shop:1', ports: [{ containerPort: 8080 }], ...container };
  const template = { metadata: { labels }, spec: { containers: [app] } };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'shop' },
    spec: { replicas: 3, selector, template, ...spec },
  };
}

function found(...objects: object[]) {
  return checked({ yaml: objects.map((object) => stringify(object)).join('---\n') });
}

function severityOf(rule: string, ...objects: object[]): string | undefined {
  return found(...objects).findings.find((finding) => finding.rule === rule)?.severity;
}

describe('a workload with longer gaps than the one that a rule is about', () => {
  for (const rule of ['no-prestop', 'no-readiness-probe']) {
    test(`${rule} is a warning, and beside Recreate an info`, () => {
      assert.equal(severityOf(rule, workload('Deployment'), service), 'warning');
      const recreated = workload('Deployment', { strategy: { type: 'Recreate' } });
      assert.equal(severityOf(rule, recreated, service), 'info');
    });
  }
});

describe('no readiness probe', () => {
  const severity = (container: object) =>
    severityOf('no-readiness-probe', workload('Deployment', {}, container), service);

  test('is an info for a server that listens within milliseconds', () => {
    assert.equal(severity({ image: 'nginx:1.27' }), 'info');
  });

  test('is a warning for that server behind a script of its own', () => {
    assert.equal(severity({ image: 'nginx:1.27', command: ['/start.sh'] }), 'warning');
  });
});

describe('no preStop hook', () => {
  test('is an info for a broker that only its container names', () => {
    const broker = workload('Deployment', {}, { name: 'activemq', image: 'example.com/team/amq:5' });
    assert.equal(severityOf('no-prestop', broker, service), 'info');
  });

  test('is an info for a StatefulSet whose Service is not in the input', () => {
    const set = workload('StatefulSet', { serviceName: 'shop' });
    assert.equal(severityOf('no-prestop', set), 'info');
    assert.equal(severityOf('no-prestop', set, service), 'warning');
  });
});

test('a budget that only the least number of pods makes too strict', () => {
  const autoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'shop' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' },
      minReplicas: 2,
      maxReplicas: 9,
    },
  };
  const budget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'shop' },
    spec: { minAvailable: 2, selector },
  };
  const messages = found(workload('Deployment'), service, autoscaler, budget).findings.map(({ message }) => message);
  const least =
    'allows no eviction of Deployment "shop" while HorizontalPodAutoscaler "shop" runs its least number of pods';
  assert.ok(
    messages.some((message) => message.includes(least)),
    messages.join('\n'),
  );
});

describe('what the API server takes', () => {
  test('Knative sets the ports that a manifest leaves out', () => {
    const container = { image: 'shop:1', ports: [{ name: 'h2c' }], readinessProbe: { httpGet: { path: '/' } } };
    const knative = {
      apiVersion: 'serving.knative.dev/v1',
      kind: 'Service',
      metadata: { name: 'shop' },
      spec: { template: { spec: { containers: [container] } } },
    };
    assert.equal(severityOf('refused-by-api-server', knative), undefined);
  });

  test('a probe of a Deployment needs its port', () => {
    const [finding] = found(
      workload('Deployment', {}, { readinessProbe: { httpGet: { path: '/' } } }),
      service,
    ).findings;
    assert.match(finding?.message ?? '', /readinessProbe\.httpGet\.port: Required value$/);
  });

  for (const [spec, write] of [
    [{ backend: { serviceName: 'shop', servicePort: 80 } }, 'with spec.defaultBackend.service instead of spec.backend'],
    [{ rules: [{ http: { paths: [] } }] }, 'with a pathType for each path, and backend.service.name'],
    [{ rules: [{ host: 'shop.example' }] }, 'write apiVersion: networking.k8s.io/v1'],
  ] as const) {
    test(`an old Ingress with ${Object.keys(spec)[0]}: ${write}`, () => {
      const ingress = { apiVersion: 'networking.k8s.io/v1beta1', kind: 'Ingress', metadata: { name: 'shop' }, spec };
      const message = found(ingress).findings[0]?.message ?? '';
      assert.ok(message.includes(write), message);
      assert.equal(message.includes('defaultBackend'), 'backend' in spec);
    });
  }

  test('a binding of rights from before 1.22', () => {
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1beta1',
      kind: 'RoleBinding',
      metadata: { name: 'shop' },
    };
    assert.equal(severityOf('removed-api-version', binding), 'error');
  });
});

test('a DaemonSet that declares a port is not said to declare none', () => {
  const { notes } = found(workload('DaemonSet', { replicas: undefined }));
  assert.match(notes.join('\n'), /its ports are taken for its own nodes/);
  assert.doesNotMatch(notes.join('\n'), /declares no port/);
});
