/** Which workload and which Service of an input `run` measures. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { InputError } from '../../src/errors.ts';
import { isCalled } from '../../src/manifests/callers.ts';
import { type Manifests, manifestsFromSources, readManifests } from '../../src/manifests/manifests.ts';
import type { Choice } from '../../src/manifests/selection.ts';

interface Fields {
  namespace?: string;
  labels?: Record<string, string>;
  ports?: object[];
  [field: string]: unknown;
}

const workload = (kind: string, name: string, { namespace, labels = { app: name }, ports }: Fields = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, ...(namespace && { namespace }) },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: 'app', ports: ports ?? [{ containerPort: 8080 }] }] },
    },
  },
});
const deployment = (name: string, fields?: Fields) => workload('Deployment', name, fields);
const statefulSet = (name: string, fields?: Fields) => workload('StatefulSet', name, fields);
const service = (name: string, { namespace, labels = { app: name }, ports, ...spec }: Fields = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, ...(namespace && { namespace }) },
  spec: { selector: labels, ports: ports ?? [{ port: 80, targetPort: 8080 }], ...spec },
});
const ingress = (backend: string, { namespace, port = { number: 80 } }: Fields = {}) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'public', ...(namespace && { namespace }) },
  spec: { rules: [{ http: { paths: [{ backend: { service: { name: backend, port } } }] } }] },
});
const httpRoute = (kind: string, backend: string, ref: object = {}) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind,
  metadata: { name: 'public' },
  spec: { rules: [{ backendRefs: [{ name: backend, port: 80, ...ref }] }] },
});
/** Its environment has an address. */
const caller = (name: string, address: string) => {
  const object = deployment(name);
  object.spec.template.spec.containers = [{ name: 'app', ports: [], ...{ env: [{ name: 'A', value: address }] } }];
  return object;
};
const redis = [
  statefulSet('redis', { ports: [{ containerPort: 6379 }] }),
  service('redis', { ports: [{ port: 6379 }] }),
];

const read = (objects: readonly object[], choice?: Choice) =>
  readManifests(objects.map((object) => stringify(object)).join('---\n'), 'in.yaml', choice);
const chosen = ({ workload: { kind, metadata }, service: { metadata: of } }: Manifests) =>
  `${kind} ${metadata.name} behind ${of.name}`;

const of = (kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', name: string): Choice => ({ workload: { kind, name } });

describe('the workload is', () => {
  const shop = [deployment('shop'), service('shop')];
  const blog = [deployment('blog'), service('blog')];
  const table: [what: string, objects: object[], expected: string, choice?: Choice][] = [
    ['the only one', shop, 'Deployment shop behind shop'],
    ['the named Deployment', [...shop, ...blog], 'Deployment blog behind blog', of('Deployment', 'blog')],
    [
      'the named StatefulSet',
      [...shop, statefulSet('shop', { labels: { app: 'db' } }), service('db')],
      'StatefulSet shop behind db',
      of('StatefulSet', 'shop'),
    ],
    ['the one that the named Service selects', [...shop, ...blog], 'Deployment blog behind blog', { service: 'blog' }],
    ['the one behind an Ingress', [...shop, ...blog, ingress('blog')], 'Deployment blog behind blog'],
    ['the one behind an HTTPRoute', [...shop, ...blog, httpRoute('HTTPRoute', 'shop')], 'Deployment shop behind shop'],
    ['the one behind a GRPCRoute', [...shop, ...blog, httpRoute('GRPCRoute', 'blog')], 'Deployment blog behind blog'],
    [
      'the one behind an old Ingress',
      [
        ...shop,
        ...blog,
        {
          apiVersion: 'extensions/v1beta1',
          kind: 'Ingress',
          metadata: { name: 'a' },
          spec: { backend: { serviceName: 'blog', servicePort: 80 } },
        },
      ],
      'Deployment blog behind blog',
    ],
    [
      'the one behind a route of OpenShift',
      [
        ...shop,
        ...blog,
        {
          apiVersion: 'route.openshift.io/v1',
          kind: 'Route',
          metadata: { name: 'a' },
          spec: { to: { kind: 'Service', name: 'blog' } },
        },
      ],
      'Deployment blog behind blog',
    ],
    [
      'not one behind a route to something else than a Service',
      [...shop, deployment('blog'), httpRoute('HTTPRoute', 'blog', { kind: 'Bucket', group: 'a.b' })],
      'Deployment shop behind shop',
    ],
    ['the only one that a Service selects', [...shop, deployment('worker')], 'Deployment shop behind shop'],
    [
      'the only one of several that two Services select',
      [...shop, service('shop-headless', { labels: { app: 'shop' }, clusterIP: 'None' }), deployment('worker')],
      'Deployment shop behind shop',
    ],
    ['the only one that speaks HTTP', [...redis, ...shop], 'Deployment shop behind shop'],
    [
      'the one behind a load balancer',
      [...shop, deployment('blog'), service('blog', { type: 'LoadBalancer' })],
      'Deployment blog behind blog',
    ],
    [
      'the one behind the Ingress, where another has a load balancer',
      [...shop, deployment('blog'), service('blog', { type: 'LoadBalancer' }), ingress('shop')],
      'Deployment shop behind shop',
    ],
    [
      'the one that no other workload calls',
      [...shop, caller('shop', 'http://blog:80/posts'), service('shop'), ...blog],
      'Deployment shop behind shop',
    ],
    [
      'matched within its namespace',
      [
        deployment('shop', { namespace: 'a' }),
        deployment('blog', { namespace: 'b', labels: { app: 'shop' } }),
        service('shop', { namespace: 'b' }),
      ],
      'Deployment blog behind shop',
    ],
    [
      'the one in the named namespace',
      ['a', 'b'].flatMap((namespace) => [
        deployment(`shop-${namespace}`, { namespace, labels: { app: 'shop' } }),
        service('shop', { namespace }),
      ]),
      'Deployment shop-b behind shop',
      { namespace: 'b' },
    ],
    [
      'in the only namespace that is written, if it names none',
      [deployment('shop'), service('shop', { namespace: 'prod' })],
      'Deployment shop behind shop',
    ],
    [
      'not a StatefulSet of another API',
      [...shop, { ...statefulSet('db'), apiVersion: 'apps.kruise.io/v1beta1' }],
      'Deployment shop behind shop',
    ],
    [
      'not mixed up with a Service of Knative',
      [...shop, { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'k' }, spec: {} }],
      'Deployment shop behind shop',
    ],
    [
      'the last of two documents for it, as with kubectl apply',
      [deployment('shop', { labels: { app: 'old' } }), service('shop'), deployment('shop')],
      'Deployment shop behind shop',
    ],
    [
      'beside objects without a fixed name',
      [...shop, { apiVersion: 'batch/v1', kind: 'Job', metadata: { generateName: 'migrate-' }, spec: {} }],
      'Deployment shop behind shop',
    ],
  ];
  for (const [what, objects, expected, choice] of table) {
    test(what, () => assert.equal(chosen(read(objects, choice)), expected));
  }
  test('and the notes say why', () => {
    const { notes } = read([...shop, ...blog, ingress('blog')]);
    assert.deepEqual(notes, ['rolls out Deployment "blog", the only one that an Ingress or a route leads to']);
    assert.deepEqual(read(shop).notes, []);
    assert.match(read([...shop, deployment('shop')]).notes.join(), /is written twice: in\.yaml:\d+:1 counts/);
  });
});

describe('another workload calls a Service whose name its settings have as', () => {
  const table: [address: string, called: boolean][] = [
    ['http://blog', true],
    ['http://blog/posts', true],
    ['blog:8080', true],
    ['blog.default.svc.cluster.local', true],
    ['redis://user:password@blog:6379', true],
    ['shop, blog', true],
    ['blog', true],
    ['/blog', false],
    ['my-blog', false],
    ['http://blog-new', false],
    ['--title=blog', false],
  ];
  for (const [address, called] of table) {
    test(`${address}: ${called ? 'yes' : 'no'}`, () =>
      assert.equal(isCalled('blog', deployment('blog'), [caller('shop', address)]), called));
  }
  test('but not in its own settings', () => {
    const blog = caller('blog', 'http://blog');
    assert.equal(isCalled('blog', blog, [blog]), false);
  });
});

describe('the Service is', () => {
  const shop = deployment('shop', { ports: [{ name: 'http', containerPort: 8080 }] });
  const of = (name: string, fields: Fields = {}) => service(name, { labels: { app: 'shop' }, ...fields });
  const table: [what: string, objects: object[], expected: string, choice?: Choice][] = [
    ['the named one', [shop, of('a'), of('b')], 'b', { service: 'b' }],
    ['the one behind the Ingress', [shop, of('a'), of('b'), ingress('b')], 'b'],
    ['the one with a cluster IP', [shop, of('a', { clusterIP: 'None' }), of('b')], 'b'],
    ['the one for HTTP', [shop, of('metrics', { ports: [{ port: 9090, name: 'metrics' }] }), of('b')], 'b'],
    [
      'the one for HTTP beside one for a webhook',
      [
        shop,
        of('hook', { ports: [{ port: 443, name: 'https-webhook' }] }),
        of('b', { ports: [{ port: 80, name: 'http' }] }),
      ],
      'b',
    ],
    ['any of those that lead to the same port', [shop, of('a'), of('b', { type: 'LoadBalancer' })], 'a'],
    ['the headless one, if it is alone', [shop, of('a', { clusterIP: 'None' })], 'a'],
  ];
  for (const [what, objects, expected, choice] of table) {
    test(what, () => assert.equal(read(objects, choice).service.metadata.name, expected));
  }

  const ports: [what: string, ports: object[], expected: number, route?: object][] = [
    [
      'the first',
      [
        { name: 'a', port: 1 },
        { name: 'b', port: 2 },
      ],
      1,
    ],
    [
      'the one for HTTP',
      [
        { name: 'grpc', port: 1 },
        { name: 'http', port: 2 },
      ],
      2,
    ],
    [
      'not the one for metrics',
      [
        { name: 'metrics', port: 80 },
        { name: 'a', port: 9000 },
      ],
      9000,
    ],
    [
      'not UDP',
      [
        { name: 'dns', port: 80, protocol: 'UDP' },
        { name: 'a', port: 81 },
      ],
      81,
    ],
    [
      'the one that the Ingress names',
      [
        { name: 'http', port: 80 },
        { name: 'b', port: 81 },
      ],
      81,
      { number: 81 },
    ],
    [
      'the one whose name the Ingress has',
      [
        { name: 'http', port: 80 },
        { name: 'b', port: 81 },
      ],
      81,
      { name: 'b' },
    ],
  ];
  for (const [what, list, expected, port] of ports) {
    test(`sent to at ${what}`, () => {
      const route = port ? [ingress('shop', { port })] : [];
      assert.equal(read([shop, of('shop', { ports: list }), ...route]).service.spec.ports[0].port, expected);
    });
  }

  test('assumed if the user says so, which is recorded', () => {
    const assumed = read([shop], { assumedService: { targetPort: undefined } });
    assert.deepEqual(assumed.service.spec.ports[0].targetPort, 'http');
    assert.deepEqual(
      assumed.assumed.map(({ field, value }) => [field, value]),
      [['Service "shop": spec.ports[0].targetPort', 'http']],
    );
  });
  test('recorded to send requests to other workloads too', () => {
    const { assumed } = read([shop, deployment('canary', { labels: { app: 'shop' } }), of('shop')], {
      workload: { kind: 'Deployment', name: 'shop' },
    });
    assert.deepEqual(
      assumed.map(({ field }) => field),
      ['Deployment "canary"'],
    );
  });
});

describe('one line says what to do', () => {
  const two = [deployment('shop'), service('shop'), deployment('blog'), service('blog')];
  const many = Array.from({ length: 12 }, (_, index) => deployment(`app${index}`));
  const same = ['a', 'b'].map((namespace) => deployment('shop', { namespace }));
  const table: [what: string, objects: object[], message: RegExp, choice?: Choice][] = [
    ['without a workload', [service('shop')], /needs a Deployment, StatefulSet or DaemonSet, has none$/],
    [
      'with only a kind that run does not roll out',
      [{ ...deployment('shop'), apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' }],
      /has none; run does not roll out: Rollout$/,
    ],
    ['with two workloads', two, /^in\.yaml: several workloads: choose one with --deployment shop, --deployment blog$/],
    ['with many', many, /--deployment app9 and 2 more$/],
    [
      'with one name in two namespaces',
      same,
      /--deployment shop --namespace a, --deployment shop --namespace b$/,
      of('Deployment', 'shop'),
    ],
    [
      'for a name that the input does not have',
      two,
      /^--statefulset shop: in\.yaml has no such workload; it has --deployment shop, --deployment blog$/,
      of('StatefulSet', 'shop'),
    ],
    [
      'for a Service that does not select the pods',
      two,
      /^--service blog: .* selects the pods of Deployment "shop"; these do: shop$/,
      { ...of('Deployment', 'shop'), service: 'blog' },
    ],
    [
      'with two Services for different ports',
      [
        deployment('shop'),
        service('a', { labels: { app: 'shop' } }),
        service('b', { labels: { app: 'shop' }, ports: [{ port: 80, targetPort: 9000 }] }),
      ],
      /several Services select the pods of Deployment "shop": choose one with --service: a, b$/,
    ],
    [
      'without a Service',
      [deployment('shop')],
      /no Service selects the pods of Deployment "shop".*add its Service with -f, or .* --assume Service$/,
    ],
    [
      'with a headless Service without ports, which only gives names to pods',
      [deployment('shop'), { ...service('shop'), spec: { clusterIP: 'None', selector: { app: 'shop' } } }],
      /no Service selects the pods of Deployment "shop".*add its Service with -f, or .* --assume Service$/,
    ],
    [
      'without a Service for several ports',
      [deployment('shop', { ports: [{ containerPort: 1 }, { containerPort: 2 }] })],
      /--assume Service=1$/,
    ],
    [
      'with a Service in another namespace',
      [deployment('shop', { namespace: 'a' }), service('shop', { namespace: 'b' })],
      /Service "shop" does not select the pods of Deployment "shop": .*in the same namespace/,
    ],
    [
      'for an assumed Service whose port is not clear',
      [deployment('shop', { ports: [] })],
      /declares no port: name the one that gets the requests with --assume Service=PORT$/,
      { assumedService: { targetPort: undefined } },
    ],
  ];
  for (const [what, objects, message, choice] of table) {
    test(what, () => assert.throws(() => read(objects, choice), { constructor: InputError, message }));
  }
});

test('several sources are one input, and the message names the one with the mistake', () => {
  const sources = [deployment('shop'), service('shop')].map((object, index) => ({
    name: `${index}.yaml`,
    text: stringify(object),
  }));
  const manifests = manifestsFromSources(sources);
  assert.equal(manifests.source, '0.yaml, 1.yaml');
  const wrong = [sources[0] as { name: string; text: string }, { name: '1.yaml', text: 'a' }];
  assert.throws(() => manifestsFromSources(wrong), /1\.yaml:1:1: not a Kubernetes object/);
});
