/** A workload that already serves is restarted, or replaced by the user's command, and not changed otherwise. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { ExistingCluster } from '../../src/clusters/kubernetes/existing-cluster.ts';
import { startClock } from '../../src/trace/clock.ts';
import type { PlannedDisruption } from '../../src/trace/disruption.ts';
import { within } from '../app/within.ts';
import { manifests, type Shape } from '../engine/manifests.ts';
import { Controllers } from './api-server/controllers.ts';
import { cut, refuse } from './api-server/faults.ts';
import { startApiServer } from './api-server/server.ts';

interface Options {
  shape?: Shape;
  trigger?: string;
  byHand?: boolean;
  event?: PlannedDisruption;
}

const AT_ONCE = { concurrency: true };
const URL = 'http://shop.example.com';

async function existing(
  t: TestContext,
  { shape = {}, trigger, byHand = false, event = { kind: 'rollout' } }: Options = {},
) {
  const { server, api } = await startApiServer(t);
  const { kind = 'Deployment', replicas = 2 } = shape;
  const read = manifests({ replicas, ...shape });
  const controllers = new Controllers(server, { kind, byHand });
  const { spec } = read.workload;
  server.store.put({ kind, metadata: { name: 'web', namespace: 'ns' }, spec: structuredClone(spec) as object });
  const [deployment] = controllers.deployments;
  assert.ok(deployment);
  if (byHand) while (deployment.step());
  else await server.until('the status', () => !deployment.busy);
  const aborting = new AbortController();
  const cluster = new ExistingCluster({ api, workload: { kind, name: 'web', namespace: 'ns' }, url: URL, replicas });
  const disruption = trigger === undefined ? event : { kind: 'command' as const, command: trigger };
  const deploy = () =>
    within(
      10_000,
      'the deployment',
      cluster.deploy({
        manifests: read,
        clock: startClock(),
        signal: aborting.signal,
        disruption,
        onEvent: () => server.emit('step'),
      }),
    );
  const writes = () =>
    server.seen.filter(({ method }) => method !== 'GET').map(({ method, url }) => `${method} ${url}`);
  return { server, deploy, deployment, aborting, cluster, writes };
}

describe('a workload on a cluster', AT_ONCE, () => {
  for (const kind of ['Deployment', 'StatefulSet'] as const) {
    test(`a ${kind} is restarted, and nothing else is changed`, async (t) => {
      const { server, deploy, cluster, writes } = await existing(t, { shape: { kind } });
      const deployed = await deploy();
      assert.deepEqual([cluster.name, deployed.target, deployed.replicas], ['here', { kind: 'url', url: URL }, 2]);
      await within(10_000, 'the rollout', deployed.disrupt());
      const { pods, listenersSeen } = deployed.record();
      assert.deepEqual(
        pods.map(({ generation, goneMs }) => [generation, goneMs !== undefined]),
        [
          ['old', true],
          ['old', true],
          ['new', false],
          ['new', false],
        ],
      );
      assert.equal(listenersSeen, false);
      // Its log is not read, so the time of the stop signal follows from the manifest.
      assert.ok(pods.every(({ deletionMs, containers }) => containers[0]?.stopSignalMs === deletionMs));
      assert.equal(writes().length, 1);
      assert.match(writes()[0] ?? '', new RegExp(`^PATCH .*/${kind.toLowerCase()}s/web$`));
      assert.match(server.requests(/./, 'PATCH')[0]?.body ?? '', /kubectl\.kubernetes\.io\/restartedAt/);
      await deployed.remove();
      await server.watched();
    });
  }

  test('a rollout that its status does not confirm is not complete', async (t) => {
    const { server, deploy, deployment } = await existing(t, { byHand: true, shape: { replicas: 1 } });
    const deployed = await deploy();
    let complete = false;
    const rolling = deployed.disrupt().then(() => {
      complete = true;
    });
    await server.requested(/deployments/, 1, 'PATCH');
    // Everything but the last step, the update of the status.
    for (let i = 0; i < 8; i++) deployment.step();
    const asked = server.requests(/deployments\/web$/, 'GET').length;
    await server.requested(/deployments\/web$/, asked + 2, 'GET');
    assert.equal(complete, false);
    while (deployment.step());
    await within(10_000, 'the rollout', rolling);
    await deployed.remove();
  });

  test('an occasional failed request does not end the trial', async (t) => {
    const { server, deploy } = await existing(t);
    server.fault({
      method: 'GET',
      path: /deployments\/web$/,
      times: 1,
      does: refuse(500, 'etcdserver: leader changed'),
    });
    const deployed = await deploy();
    server.fault({ method: 'GET', path: /deployments\/web$/, times: 2, does: cut() });
    await within(10_000, 'the rollout', deployed.disrupt());
    await deployed.remove();
  });

  test('a rejected restart is reported in the words of the API server', async (t) => {
    const { server, deploy } = await existing(t);
    const deployed = await deploy();
    server.fault({ method: 'PATCH', path: /deployments/, does: refuse(409, 'the object has been modified') });
    await assert.rejects(
      deployed.disrupt(),
      /^EnvironmentError: cannot restart the Deployment web on here: the object has been modified$/,
    );
    await deployed.remove();
  });

  test('a pod that does not become ready is reported', async (t) => {
    const { server, deploy, deployment } = await existing(t, { shape: { replicas: 1, progressDeadlineSeconds: 1 } });
    deployment.change(deployment.pods[0] ?? '', { startedAt: '2026-01-01T00:00:00Z' });
    await assert.rejects(
      deploy(),
      /the pods did not become ready: no progress within 1 s .*; pod web-\S+ is not ready/,
    );
    await server.watched();
  });

  test('Ctrl-C during the rollout', async (t) => {
    const { server, deploy, deployment, aborting } = await existing(t, { byHand: true });
    const deployed = await deploy();
    const rolling = deployed.disrupt();
    await server.requested(/deployments/, 1, 'PATCH');
    deployment.step();
    aborting.abort(new Error('Ctrl-C'));
    await assert.rejects(rolling, /^Error: Ctrl-C$/);
    await deployed.remove();
    await server.watched();
  });

  describe('a command', AT_ONCE, () => {
    test('that replaces one pod is complete while the others stay', async (t) => {
      const { server, deploy, deployment } = await existing(t, { trigger: 'echo done' });
      const deployed = await deploy();
      const replaced = deployed.disrupt();
      const [name = ''] = deployment.pods;
      deployment.replace(name);
      await within(10_000, 'its end', replaced);
      assert.deepEqual(
        deployed.record().pods.map(({ generation, goneMs }) => [generation, goneMs !== undefined]),
        [
          ['old', true],
          ['old', false],
          ['new', false],
        ],
      );
      await deployed.remove();
      assert.deepEqual(server.requests(/./, 'PATCH'), []);
    });

    test('that fails ends the trial', async (t) => {
      const { deploy } = await existing(t, { trigger: 'echo no such release; exit 1' });
      const deployed = await deploy();
      await assert.rejects(deployed.disrupt(), /--trigger: the command failed with exit code 1: no such release$/);
      await deployed.remove();
    });
  });
});

test('a command that replaces nothing ends the trial a minute later', async (t) => {
  const { server, deploy } = await existing(t, { trigger: 'true' });
  const deployed = await deploy();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const asked = () => server.requests(/deployments\/web$/, 'GET').length;
  const before = asked();
  const disrupted = deployed.disrupt();
  disrupted.catch(() => {});
  while (asked() === before) await new Promise((resolve) => setImmediate(resolve)); // the command has ended
  t.mock.timers.tick(60_001);
  await assert.rejects(
    disrupted,
    /--trigger: the command replaced no pod of Deployment web within 60 s after it ended$/,
  );
  t.mock.timers.reset();
  await deployed.remove();
});
