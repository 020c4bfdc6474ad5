import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { statefulImage } from '../../src/check/state.ts';
import { checked } from './checked.ts';

const labels = { app: 'shop' };
const container = { name: 'app', image: 'node:24', command: ['npm', 'start'], ports: [{ containerPort: 8080 }] };
const template = { metadata: { labels }, spec: { containers: [container] } };
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'shop' },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
};
const rollout = (spec: object) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'shop' },
  spec: { replicas: 3, selector: { matchLabels: labels }, ...spec },
});
const deployment = (spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop' },
  spec: { replicas: 3, selector: { matchLabels: labels }, template, ...spec },
});

function found(...objects: object[]) {
  const { findings, notes } = checked({ yaml: objects.map((object) => stringify(object)).join('---\n') });
  const ids = findings.filter(({ severity }) => severity !== 'info').map(({ severity, rule }) => `${severity} ${rule}`);
  return { ids: ids.sort(), notes: notes.join('\n'), findings };
}

describe('workloads of other projects', () => {
  test('a canary Rollout is checked as a pod template', () => {
    const { ids, notes } = found(rollout({ template, strategy: { canary: { steps: [{ setWeight: 50 }] } } }), service);
    assert.deepEqual(ids, ['error npm-as-pid1', 'warning no-prestop', 'warning no-readiness-probe']);
    assert.match(notes, /^Rollout "shop": Argo Rollouts replaces its pods: the pod template was checked, the steps/m);
  });

  test('with blueGreen, old pods outlive their traffic, so that no hook is needed', () => {
    const blueGreen = (spec: object) => found(rollout({ template, strategy: { blueGreen: spec } }), service).ids;
    assert.deepEqual(blueGreen({}), ['error npm-as-pid1', 'warning no-readiness-probe']);
    assert.ok(blueGreen({ scaleDownDelaySeconds: 1 }).includes('warning no-prestop'));
    const routed = { canary: { trafficRouting: { nginx: {} } } };
    assert.ok(!found(rollout({ template, strategy: routed }), service).ids.includes('warning no-prestop'));
  });

  test("a Rollout's workloadRef: the Deployment's template with the Rollout's replicas", () => {
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' };
    const { ids, findings, notes } = found(rollout({ workloadRef }), deployment({ replicas: 0 }), service);
    assert.deepEqual(ids, ['error npm-as-pid1', 'warning no-prestop', 'warning no-readiness-probe']);
    assert.match(findings[0]?.message ?? '', /^Deployment "shop" \(of Rollout "shop"\): /);
    assert.doesNotMatch(notes, /switched off/);
  });

  test('a workloadRef that is not in the input is named', () => {
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'blog' };
    const { notes } = found(rollout({ workloadRef }), deployment(), service);
    assert.match(notes, /^Rollout "shop": its Deployment "blog" is not in this input and was not checked\.$/m);
  });

  test('an autoscaler of a Rollout', () => {
    const scaledObject = {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name: 'shop' },
      spec: { scaleTargetRef: { kind: 'Rollout', name: 'shop' } },
    };
    const { ids } = found(rollout({ template }), scaledObject, service);
    assert.ok(ids.includes('warning horizontalpodautoscaler-replicas'), ids.join());
  });

  test('Knative sets the hook, the probe and the replicas, and needs no name of a container', () => {
    const { name: _, ...unnamed } = container;
    const knative = {
      apiVersion: 'serving.knative.dev/v1',
      kind: 'Service',
      metadata: { name: 'shop' },
      spec: { template: { spec: { containers: [unnamed] } } },
    };
    const { ids, notes, findings } = found(knative);
    assert.deepEqual(ids, ['error npm-as-pid1']);
    assert.match(findings[0]?.message ?? '', /^Knative Service "shop": container "user-container": "npm start"/);
    assert.match(notes, /Knative sets the replicas, the probe, the preStop hook and the grace period/);
  });

  test('an OpenShift DeploymentConfig, with its own fields for the strategy', () => {
    const config = (strategy: object) => ({
      apiVersion: 'apps.openshift.io/v1',
      kind: 'DeploymentConfig',
      metadata: { name: 'shop' },
      spec: { replicas: 2, selector: labels, template, strategy },
    });
    const recreated = found(config({ type: 'Recreate' }), service);
    assert.deepEqual(recreated.ids, ['error no-rolling-update-strategy', 'error npm-as-pid1']);
    assert.equal(recreated.findings.find(({ rule }) => rule === 'no-rolling-update-strategy')?.patch, undefined);
    assert.ok(!found(config({ type: 'Rolling' }), service).ids.includes('error no-rolling-update-strategy'));
  });

  test('pods that no rollout replaces are left out with a word', () => {
    const job = (name: string) => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { template } });
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'shop' }, spec: template.spec };
    const { notes } = found(deployment(), service, job('a'), job('b'), pod);
    assert.match(notes, /^2 of kind Job: left out: its pods run to their end, and no rollout replaces them\.$/m);
    assert.match(notes, /^Pod: left out: nothing replaces a bare pod, so each change of it is an outage\.$/m);
  });
});

describe('rules about traffic', () => {
  const named = (name: string, more: object = {}) => ({
    ...deployment({ template: { ...template, spec: { containers: [{ ...container, command: ['a'], ...more }] } } }),
    metadata: { name },
  });
  const isServing = (...objects: object[]) => found(...objects).ids.includes('warning no-prestop');

  test('follow a Service of the input, or the ports if it has none', () => {
    assert.ok(isServing(named('shop'), service));
    assert.ok(isServing(named('shop')));
    assert.ok(!isServing(named('shop'), { ...service, spec: { ...service.spec, selector: { app: 'blog' } } }));
    assert.ok(isServing(named('shop', { ports: [] }), service));
    assert.ok(!isServing(named('shop', { ports: [] })));
  });

  test('are about requests, not metrics, probes or datagrams', () => {
    const port = (fields: object) => ({ ports: [{ containerPort: 9090, ...fields }] });
    for (const name of ['metrics', 'http-metrics', 'prom', 'healthz', 'health-probe']) {
      assert.ok(!isServing(named('shop', port({ name }))), name);
      const spec = { selector: labels, ports: [{ name, port: 9090 }] };
      assert.ok(!isServing(named('shop'), { ...service, spec }), name);
    }
    assert.ok(!isServing(named('shop', port({ name: 'snmp', protocol: 'UDP' }))));
    assert.ok(!isServing(named('shop'), { ...service, metadata: { name: 'shop-metrics' } }));
    assert.ok(isServing(named('shop'), { ...service, metadata: { name: 'metrics-server' } }));
    assert.ok(isServing(named('shop', port({ name: 'http' }))));
  });

  test('are not asked of a workload with 0 replicas, unless KEDA scales it up', () => {
    const off = deployment({ replicas: 0 });
    const spec = { minReplicas: 2, maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'shop' } };
    const autoscaler = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'a' }, spec };
    const scaledObject = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata: { name: 'a' }, spec };
    assert.ok(!isServing(off, service));
    assert.ok(!isServing(off, service, autoscaler));
    assert.ok(isServing(off, service, scaledObject));
  });

  test('are not asked of a DaemonSet without a Service', () => {
    const { replicas: _, ...spec } = deployment().spec;
    const daemonSet = { ...deployment(), kind: 'DaemonSet', spec };
    assert.ok(!isServing(daemonSet));
    assert.ok(isServing(daemonSet, service));
  });
});

describe('the image of a database, a broker or a cache', () => {
  const table: [image: string, name: string | undefined][] = [
    ['postgres:16', 'postgres'],
    ['docker.io/bitnami/postgresql:16', 'postgresql'],
    ['registry.example:5000/team/mysql@sha256:0', 'mysql'],
    ['bitnami/postgresql-ha', 'postgresql-ha'],
    ['mcr.microsoft.com/mssql/server:2022-latest', 'mssql/server'],
    ['docker.elastic.co/elasticsearch/elasticsearch:8.7.0', 'elasticsearch'],
    ['ghcr.io/zalando/spilo-15:3.0', 'spilo-15'],
    ['acme/accounts-db:v1', 'accounts-db'],
    ['oliver006/redis_exporter:v1', undefined],
    ['mongo-express:1', undefined],
    ['ghcr.io/cloudnative-pg/postgres-operator:1', undefined],
    ['provectuslabs/kafka-ui', undefined],
    ['shop:1', undefined],
    ['node:24', undefined],
  ];
  for (const [image, name] of table) test(image, () => assert.equal(statefulImage(image), name));
});

describe('a Service that sends the workload no requests', () => {
  const withSpec = (spec: object) => ({ ...service, spec: { ...service.spec, ...spec } });

  test('is named if no template has its label', () => {
    const { notes } = found(deployment(), withSpec({ selector: { app: 'shopp' } }));
    assert.match(notes, /^Service "shop": no pod template here has its label app: shopp\.$/m);
    assert.doesNotMatch(found(deployment(), service).notes, /no pod template/);
  });

  test('selects a workload that names the only namespace of the input', () => {
    const here = { ...deployment(), metadata: { name: 'shop', namespace: 'shops' } };
    const elsewhere = {
      ...service,
      metadata: { name: 'other', namespace: 'others' },
      spec: { ...service.spec, selector: { app: 'other' } },
    };
    assert.ok(found(here, service).ids.includes('warning no-prestop'));
    assert.ok(!found(here, service, elsewhere).ids.includes('warning no-prestop'), 'near miss: two namespaces');
  });

  test('is a headless one without ports', () => {
    const { ids } = found(deployment(), withSpec({ clusterIP: 'None', ports: undefined }));
    assert.deepEqual(ids, ['warning npm-as-pid1']);
  });
});
