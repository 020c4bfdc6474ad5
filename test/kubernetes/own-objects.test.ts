/** Where a user's own objects go on a cluster. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApiResource } from '../../src/clusters/kubernetes/api-resources.ts';
import { inNamespace, placeOwnObjects } from '../../src/clusters/kubernetes/own-objects.ts';
import { InputError } from '../../src/errors.ts';
import type { KubernetesObject } from '../../src/kubernetes-rules/written-objects.ts';

const object = (kind: string, more: object = {}, apiVersion = 'v1'): KubernetesObject =>
  ({ apiVersion, kind, metadata: { name: kind.toLowerCase(), namespace: 'shop' }, ...more }) as KubernetesObject;

/** A cluster without custom resources. */
const find = (apiVersion: string, kind: string): Promise<ApiResource | undefined> => {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] as string) : '';
  if (group.includes('example')) return Promise.resolve(undefined);
  return Promise.resolve({
    group,
    resource: `${kind.toLowerCase()}s`,
    namespaced: !/^Cluster|^PersistentVolume$/.test(kind),
  });
};

const place = (objects: KubernetesObject[], assumed: string[] = []) =>
  placeOwnObjects(objects, { source: 'all.yaml', assumed }, find);

describe("a user's objects", () => {
  test('are applied in the order in which they need each other', async () => {
    const kinds = ['Deployment', 'Service', 'Certificate', 'ConfigMap', 'Namespace', 'Secret', 'RoleBinding', 'Role'];
    const { objects, resources } = await place(kinds.map((kind) => object(kind)));
    assert.deepEqual(
      objects.map(({ kind }) => kind),
      ['Secret', 'ConfigMap', 'Role', 'RoleBinding', 'Service', 'Certificate', 'Deployment'],
    );
    assert.equal(resources.length, 7);
  });

  const leftOut: [kind: string, why: RegExp][] = [
    ['Ingress', /^Ingress\/ingress: not applied, because it could take requests away/],
    ['HTTPRoute', /take requests away/],
    ['HorizontalPodAutoscaler', /could change the number of pods/],
    ['ScaledObject', /could change the number of pods/],
  ];
  for (const [kind, why] of leftOut) {
    test(`do not include a ${kind}, and that is said`, async () => {
      const { objects, notes } = await place([object(kind)]);
      assert.deepEqual(objects, []);
      assert.match(notes.join(), why);
    });
  }

  test('that belong to no namespace or that the cluster does not know are refused together', async () => {
    await assert.rejects(
      place([object('ClusterRole'), object('Widget', {}, 'example.com/v1'), object('Service')]),
      (error: Error) =>
        error instanceof InputError &&
        /^all\.yaml: .*: ClusterRole\/clusterrole \(belongs to no namespace\), Widget\/widget \(the cluster has no Widget of example\.com\/v1\); .*--assume ClusterRole\/clusterrole$/.test(
          error.message,
        ),
    );
  });

  for (const assumed of ['ClusterRole', 'ClusterRole/clusterrole']) {
    test(`are not applied if --assume ${assumed} says that they are there`, async () => {
      const { objects, notes } = await place([object('ClusterRole'), object('Service')], [assumed]);
      assert.deepEqual(
        [objects.map(({ kind }) => kind), notes],
        [['Service'], ['ClusterRole/clusterrole: not applied, assumed to be there']],
      );
    });
  }

  test('of two namespaces are refused', async () => {
    const elsewhere = object('Service', { metadata: { name: 'a', namespace: 'other' } });
    await assert.rejects(place([object('Service'), elsewhere]), /several namespaces \(shop, other\)/);
  });
});

describe('in the namespace of a trial', () => {
  test('an object has no traces of where it was exported from', () => {
    const metadata = {
      name: 'web',
      namespace: 'shop',
      labels: { a: 'b' },
      uid: 'u',
      resourceVersion: '7',
      managedFields: [],
    };
    assert.deepEqual(inNamespace(object('ConfigMap', { metadata, status: {} }), 'trial'), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web', namespace: 'trial', labels: { a: 'b' } },
    });
  });

  const services: [what: string, spec: object, becomes: object][] = [
    [
      'a node port',
      { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] },
      { type: 'NodePort', ports: [{ port: 80 }] },
    ],
    [
      'a load balancer',
      {
        type: 'LoadBalancer',
        loadBalancerIP: '1.2.3.4',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80, nodePort: 30080 }],
      },
      { type: 'ClusterIP', ports: [{ port: 80 }] },
    ],
    [
      'a cluster IP',
      { clusterIP: '10.0.0.9', clusterIPs: ['10.0.0.9'], ports: [{ port: 80 }] },
      { ports: [{ port: 80 }] },
    ],
    ['a headless Service', { clusterIP: 'None', ports: [{ port: 80 }] }, { clusterIP: 'None', ports: [{ port: 80 }] }],
  ];
  for (const [what, spec, becomes] of services) {
    test(`${what} is left to the cluster, unless it says that there is none`, () => {
      assert.deepEqual((inNamespace(object('Service', { spec }), 'trial') as { spec?: object }).spec, becomes);
    });
  }

  test("a RoleBinding names the trial's service accounts", () => {
    const subjects = [
      { kind: 'ServiceAccount', name: 'web', namespace: 'shop' },
      { kind: 'ServiceAccount', name: 'other', namespace: 'kube-system' },
    ];
    const bound = inNamespace(object('RoleBinding', { subjects }), 'trial') as unknown as { subjects: typeof subjects };
    assert.deepEqual(
      bound.subjects.map(({ namespace }) => namespace),
      ['trial', 'kube-system'],
    );
  });
});
