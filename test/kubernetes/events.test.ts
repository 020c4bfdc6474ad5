/** Everything but a rollout that `run --on kubernetes` does to the pods of a workload. The test plays the controllers. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { ExistingCluster } from '../../src/clusters/kubernetes/existing-cluster.ts';
import type { WORKLOAD_KINDS } from '../../src/clusters/kubernetes/workload.ts';
import { startClock } from '../../src/trace/clock.ts';
import type { PlannedDisruption } from '../../src/trace/disruption.ts';
import { within } from '../app/within.ts';
import { manifests } from '../engine/manifests.ts';
import { Controllers } from './api-server/controllers.ts';
import { refuse } from './api-server/faults.ts';
import { podObject, readyPod } from './api-server/objects.ts';
import { resourceOfKind } from './api-server/resources.ts';
import { startApiServer } from './api-server/server.ts';

const POD = resourceOfKind('Pod');

async function serving(
  t: TestContext,
  disruption: PlannedDisruption,
  { kind = 'Deployment' }: { kind?: (typeof WORKLOAD_KINDS)[number] } = {},
) {
  const { server, api } = await startApiServer(t);
  const read = manifests({ kind, replicas: 2 });
  const controllers = new Controllers(server, { kind, nodes: 2 });
  server.store.put({
    kind,
    metadata: { name: 'web', namespace: 'ns' },
    spec: structuredClone(read.workload.spec) as object,
  });
  const [deployment] = controllers.deployments;
  assert.ok(deployment);
  await server.until('the status', () => !deployment.busy);
  const cluster = new ExistingCluster({
    api,
    workload: { kind, name: 'web', namespace: 'ns' },
    url: 'http://shop',
    replicas: 2,
  });
  const { signal } = new AbortController();
  const trial = { manifests: read, clock: startClock(), signal, disruption, onEvent: () => server.emit('step') };
  const deployed = await within(10_000, 'the deployment', cluster.deploy(trial));
  const disrupt = () => within(20_000, 'the disruption', deployed.disrupt());
  const writes = () =>
    server.seen
      .filter(({ method }) => method !== 'GET')
      .map(({ method, url, body }) => `${method} ${url.replace(/^.*v1/, '').replace(/\?.*/, '')} ${body}`);
  const pods = () => deployed.record().pods.map(({ generation, goneMs }) => `${generation}${goneMs ? ' gone' : ''}`);
  return { server, deployment, deployed, disrupt, writes, pods };
}

describe('on a cluster', { concurrency: true }, () => {
  test('delete-pod deletes one pod', async (t) => {
    const { disrupt, deployed, writes, pods } = await serving(t, { kind: 'delete-pod' });
    const { pod } = await disrupt();
    assert.deepEqual(pods(), ['old gone', 'old', 'new']);
    assert.equal(deployed.record().pods[0]?.uid, pod);
    assert.equal(writes().length, 1);
    assert.match(writes()[0] ?? '', /^DELETE \/namespaces\/ns\/pods\/web-5d4f8c-1 /);
    await deployed.remove();
  });

  test('evict tries again every 5 s while a budget refuses', async (t) => {
    const { server, disrupt, deployed, pods } = await serving(t, { kind: 'evict' });
    const words = "Cannot evict pod as it would violate the pod's disruption budget.";
    server.fault({ method: 'POST', path: /\/eviction$/, times: 1, does: refuse(429, words) });
    const startedMs = performance.now();
    const { refusedEvictions } = await disrupt();
    assert.ok(performance.now() - startedMs > 4990);
    assert.equal(refusedEvictions, 1);
    assert.deepEqual(pods(), ['old gone', 'old', 'new']);
    const refused = deployed.record().events.filter(({ type }) => type === 'EvictionRefused');
    assert.deepEqual(
      refused.map(({ message }) => message),
      [`429 Too Many Requests: ${words}`],
    );
    await deployed.remove();
  });

  test('an eviction that is refused for good is reported in the words of the API server', async (t) => {
    const { server, disrupt, deployed } = await serving(t, { kind: 'evict' });
    server.fault({ method: 'POST', path: /\/eviction$/, does: refuse(500, 'more than one PodDisruptionBudget') });
    await assert.rejects(disrupt(), /^EnvironmentError: cannot evict the pod web-5d4f8c-1 on here: more than one Pod/);
    await deployed.remove();
  });

  test('scale-down is undone at the end', async (t) => {
    const { disrupt, deployed, writes, pods } = await serving(t, { kind: 'scale-down', replicas: 1 });
    await disrupt();
    assert.deepEqual(pods(), ['old', 'old gone']);
    await deployed.remove();
    assert.deepEqual(writes(), [
      'PATCH /namespaces/ns/deployments/web {"spec":{"replicas":1}}',
      'PATCH /namespaces/ns/deployments/web {"spec":{"replicas":2}}',
    ]);
  });

  test('drain cordons the node, evicts what kubectl drain evicts, and uncordons it', async (t) => {
    const { server, disrupt, deployed, writes, pods } = await serving(t, { kind: 'drain', node: 'node1' });
    server.store.put({ kind: 'Node', metadata: { name: 'node1' }, spec: {} });
    const other = (name: string, owner: string, annotations = {}) => {
      const pod = readyPod(name, { namespace: 'shop', labels: {}, annotations });
      const ownerReferences = [{ apiVersion: 'apps/v1', kind: owner, name: 'x', uid: 'x', controller: true }];
      server.store.put({ ...pod, metadata: { ...pod.metadata, ownerReferences } });
    };
    other('cart', 'StatefulSet');
    other('agent', 'DaemonSet');
    other('static', 'Node', { 'kubernetes.io/config.mirror': 'x' });
    await disrupt();
    assert.deepEqual(pods(), ['old gone', 'old gone', 'new', 'new']);
    assert.deepEqual(
      ['cart', 'agent', 'static'].map((name) => server.store.get(POD, 'shop', name) !== undefined),
      [false, true, true],
    );
    await deployed.remove();
    const node = writes().filter((write) => write.includes('/nodes/'));
    assert.deepEqual(node, [
      'PATCH /nodes/node1 {"spec":{"unschedulable":true}}',
      'PATCH /nodes/node1 {"spec":{"unschedulable":null}}',
    ]);
  });

  test('drain evicts nothing if a pod has no controller, as kubectl drain', async (t) => {
    const { server, disrupt, deployed, writes } = await serving(t, { kind: 'drain', node: 'node1' });
    server.store.put({ kind: 'Node', metadata: { name: 'node1' }, spec: {} });
    const pod = readyPod('alone', { namespace: 'shop', labels: {} });
    server.store.put({ ...pod, metadata: { ...pod.metadata, ownerReferences: [] } });
    await assert.rejects(disrupt(), /^EnvironmentError: --event drain=node1: pod alone in shop has no controller/);
    assert.deepEqual(writes(), []);
    await deployed.remove();
  });

  test('drain of a node that does not exist', async (t) => {
    const { disrupt, deployed } = await serving(t, { kind: 'drain', node: 'node9' });
    await assert.rejects(disrupt(), /--event drain=node9: no pod of web is on that node$/);
    await deployed.remove();
  });

  test('rollback returns to the template before, under load', async (t) => {
    const { disrupt, deployed, writes, pods } = await serving(t, { kind: 'rollback' });
    assert.deepEqual(writes().length, 1, 'the second revision is rolled out before');
    await disrupt();
    assert.deepEqual(pods(), ['old gone', 'old gone', 'new', 'new']);
    assert.match(writes()[1] ?? '', /"annotations":\{"kubectl\.kubernetes\.io\/restartedAt":null\}/);
    await deployed.remove();
  });

  test('bad-version is undone when the Deployment has given up', async (t) => {
    const { disrupt, deployed, writes, pods } = await serving(t, { kind: 'bad-version' });
    const { undoneMs } = await disrupt();
    assert.ok(undoneMs !== undefined);
    assert.deepEqual(pods(), ['old', 'old', 'new gone']);
    assert.match(writes()[0] ?? '', /"readinessGates":\[\{"conditionType":"k8s-rollout-test\/never-ready"\}\]/);
    assert.match(writes()[1] ?? '', /"readinessGates":null/);
    await deployed.remove();
  });

  test('restart kills a container from a privileged pod of the same image, which is deleted', async (t) => {
    const { server, deployment, disrupt, deployed, pods } = await serving(t, { kind: 'restart' });
    const [target = ''] = deployment.pods;
    server.store.on('change', ({ type, object }) => {
      if (type !== 'ADDED' || !object.metadata.name.startsWith('kill-')) return;
      const [{ image, securityContext }] = object.spec.containers;
      assert.deepEqual([image, securityContext.privileged, object.spec.hostPID], ['web:1', true, true]);
      setImmediate(() => {
        server.store.change('Pod', 'ns', object.metadata.name, { status: { phase: 'Succeeded' } });
        deployment.change(target, { startedAt: '2026-01-01T00:00:00Z', ready: true, restarts: 1 });
      });
    });
    await disrupt();
    assert.deepEqual(pods(), ['old', 'old']);
    const [first] = deployed.record().pods;
    assert.equal(first?.containers[0]?.runs.length, 2);
    await deployed.remove();
    assert.ok(!server.store.list(POD, 'ns').some(({ metadata }) => metadata.name.startsWith('kill-')));
  });

  test('restart: an image without a shell is an error with a way out', async (t) => {
    const { server, disrupt, deployed } = await serving(t, { kind: 'restart' });
    server.store.on('change', ({ type, object }) => {
      if (type !== 'ADDED' || !object.metadata.name.startsWith('kill-')) return;
      const message = 'exec: "/bin/sh": no such file or directory';
      const { status } = podObject('x', { phase: 'Failed' });
      const containerStatuses = [{ name: 'kill', state: { terminated: { exitCode: 128, message } } }];
      setImmediate(() =>
        server.store.change('Pod', 'ns', object.metadata.name, {
          status: { ...(status as object), containerStatuses },
        }),
      );
    });
    await assert.rejects(
      disrupt(),
      /did not find it: exec: "\/bin\/sh": no such file .* or use --trigger with a command/,
    );
    await deployed.remove();
  });

  for (const kind of ['StatefulSet', 'DaemonSet'] as const) {
    test(`a ${kind} is restarted`, async (t) => {
      const { disrupt, deployed, writes, pods } = await serving(t, { kind: 'rollout' }, { kind });
      assert.equal(deployed.replicas, 2);
      await disrupt();
      assert.deepEqual(pods(), ['old gone', 'old gone', 'new', 'new']);
      assert.match(writes()[0] ?? '', new RegExp(`^PATCH /namespaces/ns/${kind.toLowerCase()}s/web `));
      await deployed.remove();
    });
  }
});
