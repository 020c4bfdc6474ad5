/**
 * What is read from a cluster before anything is changed: objects for `check`, a workload and its Service for `run`.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { listObjects } from '../../src/clusters/kubernetes/list-objects.ts';
import { type LiveServiceFlags, liveService } from '../../src/clusters/kubernetes/live-service.ts';
import { readWorkload } from '../../src/clusters/kubernetes/workload.ts';
import { ProgramError } from '../../src/errors.ts';
import { manifests } from '../engine/manifests.ts';
import { cut, type Fault, html, json, refuse } from './api-server/faults.ts';
import { podObject } from './api-server/objects.ts';
import { startApiServer } from './api-server/server.ts';
import { configFor, kubeconfig } from './api-server.ts';

const oneLine = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ProgramError, String(error));
  assert.match(error.message, words);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

describe('the objects that check reads', () => {
  async function listed(t: TestContext) {
    const started = await startApiServer(t);
    const { store } = started.server;
    for (const namespace of ['ns', 'other']) {
      store.put(podObject('a', { namespace }));
      store.put({ kind: 'Deployment', metadata: { name: 'web', namespace }, spec: { replicas: 1 } });
      store.put({ kind: 'HorizontalPodAutoscaler', metadata: { name: 'web', namespace }, spec: {} });
    }
    return started;
  }
  const names = (objects: unknown[]) =>
    (objects as { apiVersion: string; kind: string; metadata: { name: string; namespace: string } }[]).map(
      ({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace}/${metadata.name}`,
    );

  test('are those of a namespace, with the API version and kind that lists omit', async (t) => {
    const { api } = await listed(t);
    const { objects, pods } = await listObjects(api, 'ns');
    assert.deepEqual(names(objects), ['apps/v1 Deployment ns/web', 'autoscaling/v2 HorizontalPodAutoscaler ns/web']);
    assert.deepEqual(names(pods), ['v1 Pod ns/a']);
  });

  test('are those of all namespaces if none is given', async (t) => {
    const { api } = await listed(t);
    const { objects, pods } = await listObjects(api, undefined);
    assert.deepEqual([objects.length, pods.length], [4, 2]);
  });

  test('a missing permission is named', async (t) => {
    const { server, api } = await listed(t);
    server.allows = ({ resource }) => resource !== 'poddisruptionbudgets';
    const words =
      /^you may not list poddisruptionbudgets on here in namespace ns; the ClusterRole "view" grants what is needed/;
    await assert.rejects(listObjects(api, 'ns'), oneLine(words));
  });

  test('a list with null items is empty', async (t) => {
    const { server, api } = await listed(t);
    server.fault({
      path: /\/services(\?|$)/,
      does: json({ kind: 'ServiceList', apiVersion: 'v1', metadata: {}, items: null }),
    });
    assert.equal((await listObjects(api, 'ns')).objects.length, 2);
  });

  const faults: [what: string, does: Fault['does'], words: RegExp][] = [
    ['a server error', refuse(500, 'etcd\nis away'), /^cannot list the objects on here: etcd is away$/],
    ['a cut', cut(), /^cannot list the objects: the API server of here does not answer: /],
    ['a cut within the response', cut('{"kind":'), /^cannot list the objects: /],
    ['HTML instead of JSON', html(200), /^cannot list the objects/],
    ['an error in HTML', html(502), /^cannot list the objects on here: HTTP status 502$/],
    ['another type', json({ items: 7 }), /^cannot list the objects/],
  ];
  for (const [what, does, words] of faults) {
    test(`${what} is one line`, async (t) => {
      const { server, api } = await listed(t);
      server.fault({ path: /\/services(\?|$)/, does });
      await assert.rejects(listObjects(api, 'ns'), oneLine(words));
    });
  }
});

describe('the workload that run restarts', () => {
  async function served(t: TestContext) {
    const { server, url } = await startApiServer(t);
    kubeconfig(t, configFor(url));
    const { workload, service } = manifests();
    for (const namespace of ['default', 'shop']) {
      server.store.put({ kind: 'Deployment', metadata: { name: 'web', namespace }, spec: { ...workload.spec } });
      server.store.put({ kind: 'Service', metadata: { name: 'web', namespace }, spec: { ...service.spec } });
    }
    const flags = { deployment: 'web', url: 'http://shop.example.com' };
    return { server, flags };
  }

  test('is read with its Service, and nothing is changed', async (t) => {
    const { server, flags } = await served(t);
    const { reference, manifests, url } = await liveService(flags);
    assert.deepEqual(reference, { kind: 'Deployment', name: 'web', namespace: 'default' });
    assert.deepEqual([manifests.service.metadata.name, url], ['web', 'http://shop.example.com']);
    assert.equal((await liveService({ ...flags, namespace: 'shop' })).reference.namespace, 'shop');
    assert.ok(server.seen.every(({ method, url }) => method === 'GET' || url.endsWith('/selfsubjectaccessreviews')));
  });

  const table: [what: string, flags: Partial<LiveServiceFlags>, words: RegExp][] = [
    [
      'no name',
      { deployment: undefined },
      /name the workload to restart with --deployment NAME, --statefulset NAME or --daemonset NAME$/,
    ],
    [
      'scale-down to as many replicas',
      { disruption: { kind: 'scale-down', replicas: 1 } },
      /^--event scale-down=1: Deployment web in default has 1 replica; name a lower number$/,
    ],
    ['no URL', { url: undefined }, /pass the URL at which users reach the workload with --url/],
    ['a kind in the name', { deployment: 'deployment/web' }, /--deployment deployment\/web: pass only the name/],
    ['no URL at all', { url: 'shop' }, /^--url shop: must be an address that begins with http/],
    ['another protocol', { url: 'ftp://shop' }, /must be an address that begins with http/],
    ['a path', { url: 'http://shop/cart?x=1' }, /pass the path with --path \/cart\?x=1$/],
    ['no such workload', { deployment: 'none' }, /^no Deployment none in namespace default of here/],
    ['no such context', { context: 'none' }, /^no context "none"/],
    ['no such Service', { service: 'none' }, /^--service none: /],
  ];
  for (const [what, flags, words] of table) {
    test(`${what} is rejected`, async (t) => {
      const { flags: all } = await served(t);
      await assert.rejects(liveService({ ...all, ...flags }), oneLine(words));
    });
  }

  test('Services that cannot be listed', async (t) => {
    const { server, flags } = await served(t);
    server.fault({ path: /\/services(\?|$)/, does: refuse(500, 'etcd is away') });
    await assert.rejects(liveService(flags), oneLine(/^cannot list the Services of default on here: etcd is away$/));
  });

  test('a Service list with null items is empty', async (t) => {
    const { server, flags } = await served(t);
    server.fault({
      path: /\/services(\?|$)/,
      does: json({ kind: 'ServiceList', apiVersion: 'v1', metadata: {}, items: null }),
    });
    await assert.rejects(
      liveService(flags),
      oneLine(/^no Service in namespace default selects the pods of Deployment web$/),
    );
  });

  test('an unreadable workload is distinguished from a missing one', async (t) => {
    const { server, api } = await startApiServer(t);
    server.fault({ path: /deployments/, does: refuse(503, 'the server is shutting down') });
    const reading = readWorkload(api, { kind: 'Deployment', name: 'web', namespace: 'ns' });
    await assert.rejects(reading, oneLine(/^cannot read the Deployment web on here: the server is shutting down$/));
  });
});
