/** The check of workloads that run on a cluster. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkObjects } from '../../src/check/check.ts';
import { liveObjects } from '../../src/check/live-objects.ts';

const OPTIONS = { longestRequestSeconds: 0, drainDelaySeconds: 0 };
const SPEC = {
  terminationGracePeriodSeconds: 30,
  containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }],
};
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: SPEC },
  },
};

const pod = (name: string, spec: object = SPEC, metadata: object = {}) => ({
  metadata: {
    name,
    namespace: 'shop',
    labels: { app: 'web' },
    creationTimestamp: `2026-01-01T00:00:0${name.at(-1)}Z`,
    ...metadata,
  },
  spec: { nodeName: 'node1', ...spec },
});

const checkedGrace = (pods: object[], listed: object[] = [DEPLOYMENT]) => {
  const { objects, notes } = liveObjects(listed, pods, 'here');
  const [first] = objects;
  assert.ok(first && 'template' in first.value.spec);
  return {
    grace: (first.value.spec.template as typeof DEPLOYMENT.spec.template).spec.terminationGracePeriodSeconds,
    notes,
  };
};

describe('a workload on a cluster', () => {
  test('is checked with the spec of its youngest pod', () => {
    const { grace, notes } = checkedGrace([
      pod('web-1', { ...SPEC, terminationGracePeriodSeconds: 5 }),
      pod('web-2', { ...SPEC, terminationGracePeriodSeconds: 60 }),
    ]);
    assert.equal(grace, 60);
    assert.deepEqual(notes, [
      'Deployment "web": its pod web-2 differs from the template (terminationGracePeriodSeconds): the pod was checked.',
    ]);
  });

  test('is not held to the node that the scheduler chose for a pod', () => {
    const { objects } = liveObjects([DEPLOYMENT], [pod('web-1')], 'here');
    const rules = checkObjects(objects, OPTIONS).findings.map(({ rule }) => rule);
    assert.ok(!rules.includes('surge-on-one-node'), rules.join());
  });

  test('reports a container that admission added, and a field that it changed', () => {
    const containers = [{ ...SPEC.containers[0], image: 'mirror/web:1' }, { name: 'proxy' }];
    const { notes } = checkedGrace([pod('web-1', { ...SPEC, containers })]);
    assert.match(notes.join(), /\(container proxy was added, image of container web\)/);
  });

  test('gets no note if pod and template agree, apart from defaults of the cluster', () => {
    assert.deepEqual(checkedGrace([pod('web-1')]), { grace: 30, notes: [] });
  });

  test("is checked with its template's spec if it has no pod", () => {
    const going = pod(
      'web-1',
      { ...SPEC, terminationGracePeriodSeconds: 5 },
      { deletionTimestamp: '2026-01-01T00:00:09Z' },
    );
    const strange = pod('web-2', { ...SPEC, terminationGracePeriodSeconds: 5 }, { labels: { app: 'other' } });
    const elsewhere = pod('web-3', { ...SPEC, terminationGracePeriodSeconds: 5 }, { namespace: 'default' });
    assert.deepEqual(checkedGrace([going, strange, elsewhere]), { grace: 30, notes: [] });
  });

  test('has findings without lines, with the context as their source', () => {
    const one = { ...DEPLOYMENT, spec: { ...DEPLOYMENT.spec, replicas: 1 } };
    const { objects } = liveObjects(
      [one, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }],
      [],
      'here',
    );
    const { findings } = checkObjects(objects, OPTIONS);
    assert.ok(findings.length > 0);
    assert.ok(findings.every(({ source, position }) => source === 'here' && position === undefined));
  });
});

describe('replicas together with an autoscaler', () => {
  const autoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { minReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'web' } },
  };
  const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
  const applied = (configuration: unknown) => ({ annotations: { [ANNOTATION]: JSON.stringify(configuration) } });
  const owner = (manager: string, operation: string, fields: object, subresource?: string) => ({
    managedFields: [{ manager, operation, fieldsV1: { 'f:spec': fields }, ...(subresource && { subresource }) }],
  });
  const REPLICAS = { 'f:replicas': {} };
  const table: [what: string, metadata: object, words: RegExp | undefined][] = [
    ['that no manifest sets', {}, undefined],
    ['that the autoscaler set', owner('kube-controller-manager', 'Update', REPLICAS, 'scale'), undefined],
    ['that were scaled manually', owner('kubectl', 'Update', REPLICAS, 'scale'), undefined],
    ['that the applied manifest omits', applied({ spec: { template: {} } }), undefined],
    ['that the applied manifest sets', applied({ spec: { replicas: 4 } }), /each apply scales back to 4;/],
    ['that are owned by server-side apply', owner('argocd', 'Apply', REPLICAS), /each apply scales back to 3;/],
    ['with other fields owned by server-side apply', owner('argocd', 'Apply', { 'f:template': {} }), undefined],
    ['with an annotation that is not JSON', { annotations: { [ANNOTATION]: '{' } }, undefined],
  ];
  for (const [what, metadata, words] of table) {
    test(`${what}: ${words ? 'a warning' : 'nothing'}`, () => {
      const deployment = { ...DEPLOYMENT, metadata: { ...DEPLOYMENT.metadata, ...metadata } };
      const { objects } = liveObjects([deployment, autoscaler], [pod('web-1')], 'here');
      const found = checkObjects(objects, OPTIONS).findings.filter(({ rule }) => rule === 'hpa-overrides-replicas');
      assert.equal(found.length, words ? 1 : 0, JSON.stringify(found));
      if (words) assert.match(found[0]?.message ?? '', words);
    });
  }
});
