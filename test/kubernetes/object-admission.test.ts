import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { objectRefusals } from '../../src/kubernetes-rules/object-admission.ts';

function deployment(pod: object, name = 'shop') {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { template: { spec: pod } } };
}
const app = (change: object = {}) => ({ name: 'app', image: 'shop:1', ...change });
const withContainers = (...containers: object[]) => deployment({ containers });
const service = (spec: object, name = 'shop') => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
const budget = (spec: object) => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'shop' },
  spec,
});
const autoscaler = (spec: object) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'shop' },
  spec,
});

describe('the API server accepts', () => {
  const table: [what: string, object: Parameters<typeof objectRefusals>[0]][] = [
    ['a Deployment', withContainers(app({ ports: [{ containerPort: 8080, name: 'http' }] }))],
    ['a name with dots', deployment({ containers: [app()] }, 'shop.v1')],
    ['restartPolicy Always', deployment({ restartPolicy: 'Always', containers: [app()] })],
    ['a headless Service without ports', service({ clusterIP: 'None' })],
    ['an ExternalName', service({ type: 'ExternalName', externalName: 'a.example.com' })],
    ['one port without a name', service({ ports: [{ port: 80 }] })],
    ['limits of an autoscaler', autoscaler({ minReplicas: 2, maxReplicas: 2 })],
    ['one limit of a budget', budget({ minAvailable: 1 })],
    ['names that something replaces later', deployment({ containers: [app({ name: '$APP' })] }, '{{name}}')],
    ['kinds that are not judged', { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'A' } }],
  ];
  for (const [what, object] of table) test(what, () => assert.deepEqual(objectRefusals(object), []));
});

describe('the API server rejects', () => {
  const table: [what: string, object: Parameters<typeof objectRefusals>[0], refusal: RegExp][] = [
    [
      'a name with capitals',
      deployment({ containers: [app()] }, 'Shop'),
      /^metadata\.name: Invalid value: "Shop": a lowercase RFC 1123 subdomain must/,
    ],
    [
      'a Service whose name begins with a digit',
      service({ ports: [{ port: 80 }] }, '1shop'),
      /^metadata\.name: Invalid value: "1shop": a DNS-1035 label must/,
    ],
    [
      'a container name with a capital',
      withContainers(app({ name: 'App' })),
      /^spec\.template\.spec\.containers\[0\]\.name: Invalid value: "App": a lowercase RFC 1123 label/,
    ],
    [
      'two containers of one name',
      withContainers(app(), app()),
      /^spec\.template\.spec\.containers\[1\]\.name: Duplicate value: "app"$/,
    ],
    [
      'a container without an image',
      withContainers({ name: 'app' }),
      /^spec\.template\.spec\.containers\[0\]\.image: Required value$/,
    ],
    [
      'a port that is too large',
      withContainers(app({ ports: [{ containerPort: 80_000 }] })),
      /ports\[0\]\.containerPort: Invalid value: 80000: must be between 1 and 65535, inclusive$/,
    ],
    [
      'a name of a port that is too long',
      withContainers(app({ ports: [{ containerPort: 80, name: 'a-very-long-port' }] })),
      /ports\[0\]\.name: .*no more than 15 characters$/,
    ],
    [
      'another restartPolicy',
      deployment({ restartPolicy: 'Never', containers: [app()] }),
      /restartPolicy: Unsupported value: "Never": supported values: "Always"$/,
    ],
    ['a Service without ports', service({}), /^spec\.ports: Required value$/],
    [
      'two ports without names',
      service({ ports: [{ port: 80, name: 'a' }, { port: 81 }] }),
      /^spec\.ports\[1\]\.name: Required value$/,
    ],
    [
      'two ports of one name',
      service({
        ports: [
          { port: 80, name: 'a' },
          { port: 81, name: 'a' },
        ],
      }),
      /^spec\.ports\[1\]\.name: Duplicate value: "a"$/,
    ],
    [
      'an autoscaler without maxReplicas',
      autoscaler({}),
      /^spec\.maxReplicas: Invalid value: 0: must be greater than 0$/,
    ],
    [
      'an autoscaler whose limits are swapped',
      autoscaler({ minReplicas: 3, maxReplicas: 2 }),
      /^spec\.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`$/,
    ],
    [
      'both limits of a budget',
      budget({ minAvailable: 1, maxUnavailable: 1 }),
      /^spec: Invalid value: .*cannot be both set$/,
    ],
  ];
  for (const [what, object, expected] of table) {
    test(what, () => {
      const [refusal, second] = objectRefusals(object);
      assert.equal(second, undefined);
      assert.match(`${refusal?.field}: ${refusal?.reason}`, expected);
    });
  }
});
