/**
 * The namespace of a trial on a cluster, from its creation to its deletion. The test plays the API server and the
 * controllers.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Deployed } from '../../src/clusters/cluster.ts';
import { KubernetesCluster, type KubernetesClusterOptions } from '../../src/clusters/kubernetes/kubernetes-cluster.ts';
import { startClock } from '../../src/trace/clock.ts';
import { within } from '../app/within.ts';
import { until } from '../cli/program.ts';
import { manifests, type Shape } from '../engine/manifests.ts';
import { Controllers } from './api-server/controllers.ts';
import type { DeploymentOptions } from './api-server/deployments.ts';
import { gate, refuse } from './api-server/faults.ts';
import { warning } from './api-server/objects.ts';
import { resourceOfKind } from './api-server/resources.ts';
import { startApiServer } from './api-server/server.ts';

/** How far the pods' clock is ahead of ours. */
const SKEW_MS = 3_600_000;

/** Concurrent, because each waits for the routers to settle. */
const AT_ONCE = { concurrency: true };

interface Options {
  shape?: Shape;
  cluster?: Partial<KubernetesClusterOptions>;
  deployment?: DeploymentOptions;
}

async function onCluster(t: TestContext, { shape, cluster = {}, deployment = {} }: Options = {}) {
  const made: Deployed[] = [];
  t.after(() => Promise.allSettled(made.map((deployed) => deployed.remove()))); // before its server ends
  const { server, api } = await startApiServer(t);
  const podTimeMs = () => performance.timeOrigin + performance.now() + SKEW_MS;
  server.proxy = (_pod, port) => ({
    headers: { 'x-server-time': String(podTimeMs()) },
    status: port === '8080' ? 404 : 500,
  });
  const say = (namespace: string, pod: string, event: string) =>
    server.log(namespace, pod).write(JSON.stringify({ event, wallMs: podTimeMs(), runtimeVersion: '1.2.3' }));
  const namespace = () => server.store.list(resourceOfKind('Namespace'), '')[0]?.metadata.name ?? '';
  const controllers = new Controllers(server, {
    ...deployment,
    onStarted: (pod) => say(namespace(), pod, 'listening'),
    onStopped: async (pod) => {
      for (const event of ['sigterm', 'draining', 'stopped', 'exit']) say(namespace(), pod, event);
      const record = () => made[0]?.record().pods.find(({ name }) => name === pod);
      // The log arrives on another connection than the pod's removal, which deletes it.
      await until(`the last words of ${pod}`, () => record()?.containers[0]?.log?.length === 5);
      server.log(namespace(), pod).end();
    },
  });
  const aborting = new AbortController();
  const deploy = () =>
    within(
      10_000,
      'the deployment',
      new KubernetesCluster({ api, namespacePrefix: 'trial', ...cluster })
        .deploy({
          manifests: manifests({ replicas: 2, ...shape }),
          clock: startClock(),
          signal: aborting.signal,
          onEvent: () => server.emit('step'),
        })
        .then((deployed) => {
          made.push(deployed);
          return deployed;
        }),
    );
  const namespaces = () => server.store.list(resourceOfKind('Namespace'), '').map(({ metadata }) => metadata.name);
  const remove = (deployed: Deployed) => within(10_000, 'its removal', deployed.remove());
  return { server, api, controllers, deploy, aborting, namespaces, remove };
}

describe('on a cluster', AT_ONCE, () => {
  describe('a trial', AT_ONCE, () => {
    test('is deployed, rolled out and cleaned up', async (t) => {
      const { server, deploy, namespaces, remove } = await onCluster(t, {
        cluster: { imagePrefix: 'example.com/team' },
      });
      const deployed = await deploy();
      const [namespace = ''] = namespaces();
      assert.match(namespace, /^trial-[0-9a-f]{8}$/);
      const { target } = deployed;
      assert.ok(target.kind === 'service');
      assert.deepEqual([target.url, target.namespace], ['http://10.96.0.7', namespace]);
      await within(10_000, 'the rollout', deployed.disrupt());
      const { pods, runtimeVersion, clockBoundMs, listenersSeen } = deployed.record();
      assert.deepEqual(
        pods.map(({ generation }) => generation),
        ['old', 'old', 'new', 'new'],
      );
      assert.equal(runtimeVersion, '1.2.3');
      assert.ok(clockBoundMs !== undefined && clockBoundMs < 1000, String(clockBoundMs));
      assert.equal(listenersSeen, undefined, "the app's own log says it");
      for (const { deletionMs = 0, goneMs = 0, containers } of pods.filter(({ generation }) => generation === 'old')) {
        const [{ stopSignalMs = 0, runs, log } = { runs: [] }] = containers;
        const { listeningMs, drainingMs, stoppedListeningMs, endedMs } = runs[0] ?? {};
        // An hour off if the pods' clock were not measured.
        const times = [listeningMs, deletionMs, stopSignalMs, drainingMs, stoppedListeningMs, endedMs, goneMs];
        for (const [index, ms = Number.NaN] of times.entries()) {
          assert.ok(index === 0 || ms >= (times[index - 1] ?? 0) - 2 * (clockBoundMs ?? 0), `${index} of ${times}`);
        }
        assert.equal(log?.length, 5);
      }
      const offset = target.clockOffset?.(pods.at(-1)?.name ?? '');
      assert.ok(Math.abs((offset?.offsetMs ?? 0) - SKEW_MS) < 1000);
      await remove(deployed);
      await remove(deployed);
      assert.deepEqual(namespaces(), []);
      assert.deepEqual(server.watches.resources, []);
    });

    test('load from this machine uses a NodePort', async (t) => {
      const { deploy, remove } = await onCluster(t, {
        cluster: { url: 'http://node:{nodePort}' },
        shape: { replicas: 1 },
      });
      const deployed = await deploy();
      assert.deepEqual(deployed.target, { kind: 'url', url: 'http://node:30080' });
      await remove(deployed);
    });
  });

  describe('failures are reported in one line, and everything is cleaned up', AT_ONCE, () => {
    test('the API server rejects the Deployment', async (t) => {
      const { server, deploy, namespaces } = await onCluster(t);
      server.fault({ method: 'PATCH', path: /deployments/, does: refuse(422, 'Deployment "web" is invalid:\n spec') });
      await assert.rejects(
        deploy(),
        /^EnvironmentError: cannot apply the Deployment web of test on here: Deployment "web" is invalid: spec$/,
      );
      assert.deepEqual(namespaces(), []);
    });

    test('the API server rejects the change', async (t) => {
      const { server, deploy, remove } = await onCluster(t);
      const deployed = await deploy();
      server.fault({ method: 'PATCH', path: /deployments/, does: refuse(403, 'no') });
      await assert.rejects(deployed.disrupt(), /^EnvironmentError: cannot restart the Deployment web on here: no$/);
      await remove(deployed);
    });

    test('a Service without a cluster IP', async (t) => {
      const { deploy, namespaces } = await onCluster(t, { shape: { headless: true } });
      await assert.rejects(deploy(), /the Service web has no cluster IP: clusterIP is None$/);
      assert.deepEqual(namespaces(), []);
    });

    test('a quota', async (t) => {
      const { server, deploy, namespaces, controllers } = await onCluster(t, { deployment: { byHand: true } });
      const deploying = deploy();
      await server.until('the Deployment', () => controllers.deployments.length === 1);
      const about = { kind: 'ReplicaSet', name: 'web-5d4f8c7b9x' };
      server.store.put(warning('FailedCreate', 'exceeded quota: q', about, controllers.deployments[0]?.namespace));
      await assert.rejects(deploying, /^EnvironmentError: test: the cluster rejects the pods: exceeded quota: q$/);
      assert.deepEqual(namespaces(), []);
    });

    test('the namespace cannot be deleted either: both are reported', async (t) => {
      const { server, deploy } = await onCluster(t);
      server.fault({ method: 'PATCH', path: /deployments/, does: refuse(403, 'no Deployments') });
      server.fault({ method: 'DELETE', path: /namespaces/, does: refuse(403, 'no deletions') });
      await assert.rejects(deploy(), /cannot apply the Deployment web of test on here: no Deployments; .*no deletions/);
    });
  });

  describe('Ctrl-C ends a trial at every stage, and everything is cleaned up', AT_ONCE, () => {
    const stages: [stage: string, method: string, path: RegExp][] = [
      ['while the namespace is created', 'POST', /\/namespaces$/],
      ['while it waits for the service account', 'GET', /serviceaccounts/],
      ['while it lists', 'GET', /endpointslices\?labelSelector=[^&]*$/],
      ['while it applies', 'PATCH', /services/],
      ['while it reads the Service', 'GET', /services\/web$/],
    ];
    for (const [stage, method, path] of stages) {
      test(stage, async (t) => {
        const { server, deploy, namespaces, aborting } = await onCluster(t);
        const waiting = gate();
        server.fault({ method, path, times: 1, does: waiting.does });
        const deploying = deploy();
        deploying.catch(() => {});
        await server.requested(path, 1, method);
        aborting.abort(new Error('Ctrl-C'));
        waiting.open();
        await assert.rejects(deploying, /^Error: Ctrl-C$/);
        assert.deepEqual([namespaces(), server.watches.resources], [[], []]);
      });
    }

    test('before it has begun: nothing is created', async (t) => {
      const { server, deploy, aborting } = await onCluster(t);
      aborting.abort(new Error('Ctrl-C'));
      await assert.rejects(deploy(), /^Error: Ctrl-C$/);
      assert.deepEqual(server.requests(/./, 'POST'), []);
    });

    test('while pods start, and during the rollout', async (t) => {
      for (const stage of ['start', 'rollout']) {
        const { server, deploy, namespaces, aborting, controllers } = await onCluster(t, {
          deployment: { byHand: true },
        });
        const deploying = deploy();
        deploying.catch(() => {});
        await server.until('the Deployment', () => controllers.deployments.length === 1);
        const [deployment] = controllers.deployments;
        if (stage === 'start') {
          aborting.abort(new Error('Ctrl-C'));
          await assert.rejects(deploying, /^Error: Ctrl-C$/);
        } else {
          while (deployment?.step());
          const deployed = await deploying;
          const rolling = deployed.disrupt();
          await server.requested(/deployments/, 2, 'PATCH');
          deployment?.step();
          aborting.abort(new Error('Ctrl-C'));
          await assert.rejects(rolling, /^Error: Ctrl-C$/);
          await deployed.remove();
        }
        assert.deepEqual(namespaces(), []);
      }
    });
  });
});
