/** A gateway in the namespace of a trial. The test plays the API server, the controllers and the gateway. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Deployed } from '../../src/clusters/cluster.ts';
import { GATEWAY_CONTAINER, GATEWAY_NAME } from '../../src/clusters/kubernetes/gateways/objects.ts';
import { KubernetesCluster } from '../../src/clusters/kubernetes/kubernetes-cluster.ts';
import { withGatewayAttempts } from '../../src/gateways/attempts.ts';
import { clusterGateway, wayNamed } from '../../src/gateways/way.ts';
import { startClock } from '../../src/trace/clock.ts';
import { failed, trace } from '../analysis/story.ts';
import { within } from '../app/within.ts';
import { manifests } from '../engine/manifests.ts';
import { Controllers } from './api-server/controllers.ts';
import { refuse } from './api-server/faults.ts';
import { readyPod } from './api-server/objects.ts';
import { resourceOfKind } from './api-server/resources.ts';
import { startApiServer } from './api-server/server.ts';

const POD = `${GATEWAY_NAME}-200`;

async function behind(t: TestContext, name: string) {
  const made: Deployed[] = [];
  t.after(() => Promise.allSettled(made.map((deployed) => deployed.remove())));
  const { server, api } = await startApiServer(t);
  const asked: string[] = [];
  server.proxy = (pod, _port, path) => {
    if (pod !== POD) return { status: 404, headers: { 'x-server-time': String(Date.now()) } };
    asked.push(path);
    return { status: asked.length < 3 ? 502 : 200 };
  };
  const controllers = new Controllers(server);
  const namespace = () => server.store.list(resourceOfKind('Namespace'), '')[0]?.metadata.name ?? '';
  const clock = startClock();
  const way = wayNamed(name);
  const deploy = async () => {
    const cluster = new KubernetesCluster({ api, namespacePrefix: 'trial', gateway: way && clusterGateway(way) });
    const signal = new AbortController().signal;
    const deployed = await within(
      15_000,
      'the deployment',
      cluster.deploy({ manifests: manifests({ replicas: 2 }), clock, signal }),
    );
    made.push(deployed);
    return deployed;
  };
  return { server, deploy, namespace, asked, clock, controllers };
}

/** What the load saw and the gateway logged: the attempts at one request. */
async function attempts(deployed: Deployed, startedMs: number) {
  const request = { ...failed('reused receive status', startedMs, startedMs + 1000, { status: 502 }), id: 'r-1' };
  const traffic = await within(
    10_000,
    'the log',
    deployed.gatewayTraffic?.() ?? Promise.reject(new Error('no gateway')),
  );
  return withGatewayAttempts(trace({ load: { failures: [request] } }).load, traffic).failures[0]?.attempts ?? [];
}

describe('a gateway in the namespace', { concurrency: true }, () => {
  test('is started, waited for and removed; its log tells which pod each request was sent to', async (t) => {
    const { server, deploy, namespace, asked, clock } = await behind(t, 'traefik');
    server.store.on('change', ({ type, object }) => {
      if (type === 'ADDED' && object.metadata.name === POD)
        server.log(object.metadata.namespace ?? '', POD).write('up');
    });
    const deployed = await deploy();
    assert.ok(asked.length >= 3, 'until a pod answered through it');
    const { target } = deployed;
    assert.ok(target.kind === 'service');
    assert.deepEqual([target.url, target.perRequest], ['http://10.96.0.7', true]);
    const { gateway, routerViews, pods } = deployed.record();
    assert.deepEqual(gateway, { name: 'traefik', version: '3.7.15', upstream: 'pods', viewsAssumed: true });
    assert.deepEqual([...new Set(routerViews.map(({ router }) => router))], ['traefik']);
    const created = server.requests(/./, 'POST').map(({ body }) => JSON.parse(body).kind);
    for (const kind of ['Role', 'RoleBinding', 'Ingress', 'ConfigMap', 'Service', 'Deployment']) {
      assert.ok(created.includes(kind), kind);
    }
    const startedMs = clock.nowMs();
    server.log(namespace(), POD).write(
      JSON.stringify({
        StartUTC: new Date(clock.startedAtEpochMs + startedMs + 10).toISOString(),
        Duration: 5e6,
        RequestMethod: 'POST',
        DownstreamStatus: 502,
        ServiceAddr: '10.0.0.2:8080',
        OriginStatus: 502,
        OriginDuration: 5e6,
        'request_X-Request-Id': 'r-1',
      }),
    );
    const [attempt] = await attempts(deployed, startedMs);
    assert.deepEqual([attempt?.via, attempt?.pod?.name], ['traefik', pods[1]?.name]);
    await deployed.remove();
    assert.equal(namespace(), '');
    assert.deepEqual(server.watches.resources, []);
  });

  test('before the address of the Service, it is not known who chose the pod', async (t) => {
    const { server, deploy, namespace, clock } = await behind(t, 'nginx');
    const deployed = await deploy();
    const { gateway, routerViews } = deployed.record();
    assert.deepEqual(gateway, { name: 'nginx', version: '1.31.3', upstream: 'service' });
    assert.equal(routerViews[0]?.router, 'EndpointSlice');
    const startedMs = clock.nowMs();
    const fields = { connection: '7', upstream: '10.96.0.7:80', statuses: '502', times: '0.001', bytes: '0' };
    const at = String((clock.startedAtEpochMs + startedMs + 20) / 1000);
    const log = server.log(namespace(), POD);
    log.write(JSON.stringify({ id: 'r-1', method: 'POST', at, took: '0.002', status: '502', ...fields }));
    const [attempt] = await attempts(deployed, startedMs);
    assert.deepEqual([attempt?.via, attempt?.pod, attempt?.status], [undefined, undefined, 502]);
    await deployed.remove();
  });

  test('that ends fails the trial', async (t) => {
    const { server, deploy, namespace, controllers } = await behind(t, 'nginx');
    const deployed = await deploy();
    const labels = { 'app.kubernetes.io/name': GATEWAY_NAME };
    const state = { namespace: namespace(), labels, container: GATEWAY_CONTAINER, uid: 'gateway', restarts: 1 };
    server.store.put(readyPod(POD, state));
    await assert.rejects(
      within(10_000, 'the rollout', deployed.disrupt()),
      /^EnvironmentError: the gateway \(nginx\): ended and was started again$/,
    );
    await server.until('the end of the rollout', () => !controllers.deployments[0]?.busy);
    await deployed.remove();
  });

  test('that is refused is an error in one line, and nothing is left', async (t) => {
    const { server, deploy, namespace } = await behind(t, 'traefik');
    server.fault({ method: 'POST', path: /\/roles/, does: refuse(403, 'no roles') });
    await assert.rejects(deploy(), /^EnvironmentError: cannot create the Role of the gateway on here: no roles$/);
    assert.equal(namespace(), '');
  });
});
