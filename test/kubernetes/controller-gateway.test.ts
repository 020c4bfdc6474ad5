/** The user's own gateway in a trial. The test plays the API server, the controllers, the gateway and its log. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import type { Deployed } from '../../src/clusters/cluster.ts';
import { findController } from '../../src/clusters/kubernetes/gateways/controller.ts';
import { ControllerGateway } from '../../src/clusters/kubernetes/gateways/controller-gateway.ts';
import { KubernetesCluster } from '../../src/clusters/kubernetes/kubernetes-cluster.ts';
import { withGatewayAttempts } from '../../src/gateways/attempts.ts';
import { type ControllerFlags, controllerWay } from '../../src/gateways/installed/controller-way.ts';
import { holdPort } from '../../src/processes/ports.ts';
import { startClock } from '../../src/trace/clock.ts';
import { failed, trace } from '../analysis/story.ts';
import { within } from '../app/within.ts';
import { manifests } from '../engine/manifests.ts';
import { Controllers } from './api-server/controllers.ts';
import { refuse } from './api-server/faults.ts';
import { podObject, readyPod } from './api-server/objects.ts';
import { gateway, gatewayClass, ingressClass, PROXY_LABELS, service, writer } from './api-server/own-gateway.ts';
import { resourceOfKind } from './api-server/resources.ts';
import { type ApiServer, startApiServer } from './api-server/server.ts';
import type { StoredObject, WrittenObject } from './api-server/store.ts';

const INGRESS: ControllerFlags = { ingressClass: 'traefik', gatewayLogs: 'edge/proxy' };
const GATEWAY: ControllerFlags = { gateway: 'infra/public', gatewayLogs: 'edge/proxy' };
const ROUTE = /\/(ingresses|httproutes)\/rollout-test$/;
const LOG = /\/pods\/proxy-\d\/log/;

const condition = (type: string, status: string, why: { reason?: string; message?: string } = {}) => ({
  type,
  status,
  ...why,
});
const accepted = (...conditions: object[]) => ({ status: { parents: [{ conditions }] } });
const ACCEPTED = accepted(condition('Accepted', 'True'), condition('ResolvedRefs', 'True'));
const ADDRESS = { status: { loadBalancer: { ingress: [{ ip: '10.0.9.9' }] } } };

/** The container of a pod that writes the log. */
function proxyPod(name: string, labels: Record<string, string> = PROXY_LABELS) {
  return { labels, namespace: 'edge', container: 'proxy', uid: name };
}

/** A cluster with Traefik, whose log edge/proxy-1 writes, and with the Gateway infra/public of Envoy. */
async function cluster(t: TestContext, more: readonly WrittenObject[] = [], onRoute: object | undefined = ADDRESS) {
  const { server, api } = await startApiServer(t);
  for (const object of [
    ingressClass('traefik', 'traefik.io/ingress-controller'),
    gatewayClass('eg', 'gateway.envoyproxy.io/gatewayclass-controller'),
    gateway([{ port: 8080, hostname: '*.example.com' }], ['10.0.9.9']),
    writer('Deployment', 'traefik:v3.7.15'),
    readyPod('proxy-1', proxyPod('proxy-1')),
    readyPod('other-1', proxyPod('other-1', { app: 'other' })),
    ...more,
  ]) {
    server.store.put(object);
  }
  server.log('edge', 'proxy-1');
  server.store.on('change', ({ type, object }) => {
    if (type === 'ADDED' && isRoute(object) && onRoute) say(server, onRoute);
  });
  const find = async (flags: ControllerFlags) => {
    const way = controllerWay(flags);
    assert.ok(way);
    return findController(api, way);
  };
  return { server, api, find };
}

function isRoute({ kind }: StoredObject): boolean {
  return kind === 'Ingress' || kind === 'HTTPRoute';
}

function routeOf(server: ApiServer): StoredObject {
  const [route] = ['Ingress', 'HTTPRoute'].flatMap((kind) => server.store.list(resourceOfKind(kind), ''));
  assert.ok(route);
  return route;
}

/** What the controller writes into the route. */
function say(server: ApiServer, patch: object): void {
  const { kind, metadata } = routeOf(server);
  server.store.change(kind, metadata.namespace ?? '', metadata.name, patch);
}

/** Only the gateway, without a trial around it. */
async function alone(
  t: TestContext,
  flags: ControllerFlags,
  { more, onRoute, url }: { more?: readonly WrittenObject[]; onRoute?: object; url?: string } = {},
) {
  const { server, api, find } = await cluster(t, more, onRoute);
  const watching = new AbortController();
  const interrupted = new AbortController();
  t.after(() => watching.abort());
  const deaths: Error[] = [];
  const own = new ControllerGateway({
    api,
    controller: await find(flags),
    route: { namespace: 'trial-1', host: 'trial-1.example.com', service: { name: 'web', port: 80 } },
    url,
    clock: startClock(),
    signal: interrupted.signal,
    watching: watching.signal,
    podAt: (address) => ({ uid: address, name: address }),
    onDeath: (error) => deaths.push(error),
  });
  const start = () => within(15_000, 'the start', own.start());
  return { server, own, start, deaths, interrupted };
}

/** A trial behind the gateway. */
async function behind(t: TestContext, flags: ControllerFlags, onRoute: object) {
  const made: Deployed[] = [];
  t.after(() => Promise.allSettled(made.map((deployed) => deployed.remove())));
  const { server, api, find } = await cluster(t, [], onRoute);
  new Controllers(server);
  server.proxy = () => ({ headers: { 'x-server-time': String(Date.now()) } });
  const clock = startClock();
  const trials = new KubernetesCluster({ api, namespacePrefix: 'trial', gateway: await find(flags) });
  const options = { manifests: manifests({ replicas: 2 }), clock, signal: new AbortController().signal };
  const deployed = await within(15_000, 'the deployment', trials.deploy(options));
  made.push(deployed);
  return { server, clock, deployed };
}

/** A line that Traefik wrote, with another time, another id and another pod. */
function traefikLine(id: string, pod: string, at = new Date()): string {
  const [, day, month, year, time] = at.toUTCString().split(' ');
  const file = new URL('../fixtures/installed-logs/traefik-common.txt', import.meta.url);
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((each) => each.includes('=t-reset '));
  assert.ok(line);
  return line
    .replace(/\[.*?\]/, `[${day}/${month}/${year}:${time} +0000]`)
    .replace('t-reset', id)
    .replace('127.0.0.1:21102', pod);
}

const OTHER_APP = traefikLine('x', '10.0.0.1:8080').replace(/\?\S+/, '');

/** The attempts at a request that the load saw fail with 502, as `traffic` tells them. */
async function attempts(deployed: Deployed, id: string, startedMs: number) {
  const request = { ...failed('reused receive status', startedMs, startedMs + 1000, { status: 502 }), id };
  assert.ok(deployed.gatewayTraffic);
  const traffic = await within(10_000, 'the log', deployed.gatewayTraffic());
  return withGatewayAttempts(trace({ load: { failures: [request] } }).load, traffic).failures[0]?.attempts ?? [];
}

describe("a trial behind the user's own gateway", { concurrency: true }, () => {
  test('has a route of its own; the log of the gateway tells which pod each request was sent to', async (t) => {
    const { server, deployed, clock } = await behind(t, INGRESS, ADDRESS);
    const { metadata, spec } = routeOf(server);
    const { namespace = '' } = metadata;
    assert.match(namespace, /^trial-/);
    const host = `${namespace}.rollout-test.internal`;
    assert.deepEqual([spec.ingressClassName, spec.rules[0].host], ['traefik', host]);
    const { target } = deployed;
    assert.ok(target.kind === 'service');
    assert.deepEqual([target.url, target.virtualHost, target.perRequest], ['http://10.0.9.9', host, true]);
    const { routerViews, pods } = deployed.record();
    assert.deepEqual([...new Set(routerViews.map(({ router }) => router))], ['ingress-traefik']);

    await server.until('the log', () => server.log('edge', 'proxy-1').followers === 1);
    const startedMs = clock.nowMs();
    server.log('edge', 'proxy-1').write(OTHER_APP);
    server.log('edge', 'proxy-1').write(traefikLine('r-1', '10.0.0.2:8080'));
    const [attempt, ...others] = await attempts(deployed, 'r-1', startedMs);
    assert.deepEqual(others, []);
    assert.deepEqual([attempt?.via, attempt?.pod?.name, attempt?.error], ['ingress-traefik', pods[1]?.name, 'failed']);
    assert.deepEqual(deployed.record().gateway, {
      name: 'ingress-traefik',
      version: '3.7.15',
      controller: 'Traefik (IngressClass traefik)',
      viewsAssumed: true,
    });
    await deployed.remove();
    assert.deepEqual(server.store.list(resourceOfKind('Ingress'), ''), []);
    assert.ok(server.store.get(resourceOfKind('Deployment'), 'edge', 'proxy'), 'the gateway itself stays');
    await server.watched();
  });

  test('whose log has no line of the load says so, and what the client saw remains', async (t) => {
    const { server, deployed, clock } = await behind(t, GATEWAY, ACCEPTED);
    const { target } = deployed;
    assert.ok(target.kind === 'service');
    assert.deepEqual(
      [target.url, target.virtualHost],
      ['http://10.0.9.9:8080', `${routeOf(server).metadata.namespace}.example.com`],
    );
    const log = server.log('edge', 'proxy-1');
    await server.until('the log', () => log.followers === 1);
    const startedMs = clock.nowMs();
    log.write(OTHER_APP);
    server.log('edge', 'other-1').write(traefikLine('r-1', '10.0.0.2:8080'));
    const [attempt, ...others] = await attempts(deployed, 'r-1', startedMs);
    assert.deepEqual(others, []);
    assert.deepEqual([attempt?.via, attempt?.pod, attempt?.status], ['gateway-public', undefined, 502]);
    assert.equal(deployed.record().gateway?.logUnread, true);
    assert.deepEqual(server.requests(/other-1\/log/), [], 'the logs of other workloads are not read');
  });
});

describe('its address', { concurrency: true }, () => {
  const SERVICE = service({ clusterIP: '10.96.3.3', ports: [{ port: 80 }] });
  const ingressAt = (address: object) => ({ status: { loadBalancer: { ingress: [address] } } });
  const table: [what: string, flags: ControllerFlags, more: WrittenObject[], onRoute: object, url: string][] = [
    ['is that in the status of the Ingress', { ingressClass: 'traefik' }, [], ADDRESS, 'http://10.0.9.9'],
    [
      'may be a name',
      { ingressClass: 'traefik' },
      [],
      ingressAt({ hostname: 'lb.example.net' }),
      'http://lb.example.net',
    ],
    ['may be of IPv6', { ingressClass: 'traefik' }, [], ingressAt({ ip: 'fd00::9' }), 'http://[fd00::9]'],
    [
      'is that of its Service, before the Ingress has any',
      { ingressClass: 'traefik', gatewayService: 'edge/proxy' },
      [SERVICE],
      {},
      'http://10.96.3.3',
    ],
    [
      'is that in the status of the Gateway, with the port of its listener',
      { gateway: 'infra/public' },
      [],
      ACCEPTED,
      'http://10.0.9.9:8080',
    ],
    [
      'is that of its Service rather than that of the Gateway',
      { gateway: 'infra/public', gatewayService: 'edge/proxy' },
      [SERVICE],
      ACCEPTED,
      'http://10.96.3.3',
    ],
  ];
  for (const [what, flags, more, onRoute, url] of table) {
    test(what, async (t) => {
      const { start, own } = await alone(t, flags, { more, onRoute });
      assert.equal(await start(), url);
      assert.equal(own.record.logUnread, true, 'no log was named');
    });
  }

  test('is waited for', async (t) => {
    const { server, start } = await alone(t, { ingressClass: 'traefik' }, { onRoute: { status: {} } });
    let url: string | undefined;
    const starting = start().then((at) => {
      url = at;
    });
    await server.requested(ROUTE, 3, 'GET');
    assert.equal(url, undefined);
    say(server, ADDRESS);
    await starting;
    assert.equal(url, 'http://10.0.9.9');
  });

  test('of a Gateway that has none is missed at once', async (t) => {
    const more = [gateway([{ port: 80 }])];
    const { start } = await alone(t, { gateway: 'infra/public' }, { more, onRoute: ACCEPTED });
    await assert.rejects(start(), {
      name: 'EnvironmentError',
      message:
        'the gateway Envoy (Gateway infra/public): has no address in its status: name its Service with --gateway-service NAMESPACE/NAME, or its URL with --url',
    });
  });
});

describe('its route', { concurrency: true }, () => {
  test('is waited for until the Gateway has accepted it and found the Service', async (t) => {
    const { server, start } = await alone(t, { gateway: 'infra/public' }, { onRoute: {} });
    let url: string | undefined;
    const starting = start().then((at) => {
      url = at;
    });
    const asked = () => server.requests(ROUTE, 'GET').length;
    for (const status of [
      { status: { parents: [] } },
      accepted(condition('Accepted', 'Unknown'), condition('ResolvedRefs', 'True')),
      accepted(condition('Accepted', 'True'), condition('ResolvedRefs', 'False')),
    ]) {
      await server.requested(ROUTE, asked() + 2, 'GET');
      assert.equal(url, undefined);
      say(server, status);
    }
    await server.requested(ROUTE, asked() + 2, 'GET');
    assert.equal(url, undefined);
    say(server, ACCEPTED);
    await starting;
    assert.equal(url, 'http://10.0.9.9:8080');
  });

  test('that may not be created is an error in one line', async (t) => {
    const { server, start } = await alone(t, { gateway: 'infra/public' });
    server.fault({ method: 'POST', path: /\/httproutes/, does: refuse(403, 'no routes here') });
    await assert.rejects(start(), {
      name: 'EnvironmentError',
      message: 'cannot create the HTTPRoute for the gateway on here: no routes here',
    });
  });

  test('is not waited for after an interruption', async (t) => {
    const { server, start, interrupted } = await alone(t, { gateway: 'infra/public' }, { onRoute: {} });
    const starting = start();
    starting.catch(() => {});
    await server.requested(ROUTE, 2, 'GET');
    interrupted.abort(new Error('interrupted'));
    await assert.rejects(starting, /^Error: interrupted$/);
  });
});

describe('after a while', () => {
  /** What it returns lets that many seconds pass. */
  const time = (t: TestContext) => {
    const now = performance.now.bind(performance);
    let passedMs = 0;
    t.mock.method(performance, 'now', () => now() + passedMs);
    return (seconds: number) => {
      passedMs += seconds * 1000;
    };
  };

  const table: [what: string, afterSeconds: number, status: object, why: string][] = [
    [
      'a Gateway that refuses',
      6,
      accepted(condition('Accepted', 'False', { reason: 'NotAllowedByListeners', message: 'namespace not allowed' })),
      'NotAllowedByListeners: namespace not allowed',
    ],
    [
      'a Gateway that accepts and does not find the Service',
      6,
      accepted(
        condition('Accepted', 'True', { reason: 'Accepted', message: 'accepted' }),
        condition('ResolvedRefs', 'False', { reason: 'BackendNotFound', message: 'no Service web' }),
      ),
      'BackendNotFound: no Service web',
    ],
    ['a Gateway that says nothing', 61, { status: { parents: [] } }, 'its status has no condition'],
  ];
  for (const [what, afterSeconds, onRoute, why] of table) {
    test(`${what} is an error that says why`, async (t) => {
      const { server, start } = await alone(t, { gateway: 'infra/public' }, { onRoute });
      const pass = time(t);
      const starting = start();
      starting.catch(() => {});
      await server.requested(ROUTE, 2, 'GET');
      pass(afterSeconds);
      await assert.rejects(starting, {
        name: 'EnvironmentError',
        message: `the gateway Envoy (Gateway infra/public): does not accept an HTTPRoute of namespace trial-1: ${why}`,
      });
    });
  }

  test('a refusal that does not stay is none', async (t) => {
    const onRoute = accepted(condition('Accepted', 'False', { reason: 'Pending', message: 'not seen yet' }));
    const { server, start } = await alone(t, { gateway: 'infra/public' }, { onRoute });
    const pass = time(t);
    const starting = start();
    await server.requested(ROUTE, 2, 'GET');
    pass(3);
    await server.requested(ROUTE, 4, 'GET');
    say(server, ACCEPTED);
    assert.match(await starting, /^http:/);
  });

  test('an Ingress without an address is an error that says what helps', async (t) => {
    const { server, start } = await alone(
      t,
      { ingressClass: 'traefik' },
      { onRoute: { status: { loadBalancer: {} } } },
    );
    const pass = time(t);
    const starting = start();
    starting.catch(() => {});
    await server.requested(ROUTE, 2, 'GET');
    pass(61);
    await assert.rejects(starting, {
      name: 'EnvironmentError',
      message:
        'the gateway Traefik (IngressClass traefik): gave the Ingress no address within 60 s: name its Service with --gateway-service NAMESPACE/NAME, or its URL with --url',
    });
  });

  test('a URL that leads elsewhere is an error that says what answers', async (t) => {
    const entry = await entrance(t, () => 404);
    const { start } = await alone(t, { ingressClass: 'traefik' }, { url: entry.url });
    const pass = time(t);
    const starting = start();
    starting.catch(() => {});
    await within(10_000, 'the first request', entry.asked(1));
    pass(61);
    await assert.rejects(starting, {
      name: 'EnvironmentError',
      message: `the gateway Traefik (IngressClass traefik): does not pass on what a pod answers, at ${entry.url} with Host: trial-1.example.com: status 404`,
    });
  });
});

/** The gateway's entrance on this machine. It answers each request, counted from 1, with that status. */
async function entrance(t: TestContext, status: (nth: number) => number) {
  const requests: { url: string; host: string }[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer(({ url = '', headers: { host = '' } }, response) => {
    requests.push({ url, host });
    response.writeHead(status(requests.length)).end();
    for (const { count, resolve } of waiting) if (requests.length >= count) resolve();
  });
  const { port, release } = await holdPort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
    release();
  });
  const asked = (count: number) => new Promise<void>((resolve) => waiting.push({ count, resolve }));
  return { url: `http://127.0.0.1:${port}`, requests, asked };
}

describe('a URL', { concurrency: true }, () => {
  test('is asked with the host of the trial until 20 answers in a row are those of a pod', async (t) => {
    const { url, requests } = await entrance(t, (nth) => (nth === 1 ? 404 : nth === 5 ? 503 : 200));
    const { start } = await alone(t, { ingressClass: 'traefik' }, { onRoute: {}, url: `${url}/base/` });
    assert.equal(await start(), `${url}/base/`);
    assert.equal(requests.length, 5 + 20);
    for (const request of requests) assert.deepEqual(request, { url: '/base/healthz', host: 'trial-1.example.com' });
  });

  test('with TLS is left to the load, which can speak it', async (t) => {
    const { start } = await alone(t, { ingressClass: 'traefik' }, { onRoute: {}, url: 'https://trial-1.example.com' });
    assert.equal(await start(), 'https://trial-1.example.com');
  });
});

describe('its log', { concurrency: true }, () => {
  const idsOf = async (own: ControllerGateway) =>
    (await within(10_000, 'the log', own.traffic())).requests.map(({ id }) => id);

  test('is followed in each of its containers, also in those that start later, from shortly before the trial on', async (t) => {
    const { server, own, start, deaths } = await alone(t, INGRESS);
    const [first, later] = [server.log('edge', 'proxy-1'), server.log('edge', 'proxy-2')];
    first.write(traefikLine('r-earlier-run', '10.0.0.1:8080'), '2026-01-01T00:00:00Z');
    server.store.put(podObject('proxy-2', proxyPod('proxy-2')));
    await start();
    await server.until('the first log', () => first.followers === 1);
    assert.deepEqual(server.requests(/proxy-2\/log/), [], 'its container has not started');
    const [query] = server.requests(LOG).map(({ url }) => new URL(url, 'http://localhost').searchParams);
    assert.deepEqual([query?.get('sinceSeconds'), query?.get('container')], ['10', 'proxy']);
    server.store.put(readyPod('proxy-2', proxyPod('proxy-2')));
    await server.until('the second log', () => later.followers === 1);
    first.write(traefikLine('r-1', '10.0.0.1:8080'));
    later.write(traefikLine('r-2', '10.0.0.2:8080'));
    later.write(traefikLine('r-of-earlier-trial', '10.0.0.2:8080', new Date(Date.now() - 60_000)));
    assert.deepEqual((await idsOf(own)).sort(), ['r-1', 'r-2']);
    assert.equal(own.record.logUnread, undefined);
    assert.deepEqual(deaths, []);
  });

  test('of a pod of the gateway that is replaced meanwhile is kept', async (t) => {
    const { server, own, start, deaths } = await alone(t, INGRESS);
    const log = server.log('edge', 'proxy-1');
    await start();
    await server.until('the log', () => log.followers === 1);
    log.write(traefikLine('r-1', '10.0.0.1:8080'));
    const asked = server.requests(LOG).length;
    server.store.remove('Pod', 'edge', 'proxy-1');
    log.end();
    await server.requested(LOG, asked + 1);
    assert.deepEqual(await idsOf(own), ['r-1']);
    assert.deepEqual(deaths, []);
  });

  test('ends with the traffic, although other apps never fall silent', async (t) => {
    const { server, own, start, deaths } = await alone(t, INGRESS);
    const log = server.log('edge', 'proxy-1');
    await start();
    await server.until('the log', () => log.followers === 1);
    const chatter = setInterval(() => log.write(OTHER_APP), 20);
    t.after(() => clearInterval(chatter));
    log.write(traefikLine('r-1', '10.0.0.1:8080'));
    assert.deepEqual(await idsOf(own), ['r-1']);
    await server.until('the end of the log', () => log.followers === 0);
    await server.watched();
    assert.deepEqual(deaths, []);
  });

  test('that is refused ends too, and says that it was not read', async (t) => {
    const { server, own, start, deaths } = await alone(t, INGRESS);
    server.fault({ path: LOG, does: refuse(403, 'no logs') });
    await start();
    await server.requested(LOG, 1);
    assert.deepEqual(await idsOf(own), []);
    assert.equal(own.record.logUnread, true);
    assert.deepEqual(deaths, []);
  });

  test('whose pods may not be listed is an error in one line', async (t) => {
    const { server, start } = await alone(t, INGRESS);
    server.fault({ path: /\/namespaces\/edge\/pods/, does: refuse(403, 'no pods') });
    await assert.rejects(start(), { name: 'EnvironmentError', message: 'cannot list pods on here: no pods' });
  });
});
