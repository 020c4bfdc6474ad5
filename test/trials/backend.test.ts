/** Where trials run and which load generator they use: this machine, or a cluster with an API server for tests. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { thisOwner } from '../../src/clusters/kubernetes/namespace-owner.ts';
import { type KubernetesOptions, kubernetesBackend, localBackend } from '../../src/trials/backend.ts';
import { planTrials } from '../../src/trials/plan-comparison.ts';
import { startApiServer } from '../kubernetes/api-server/server.ts';
import { wholeSeconds } from '../kubernetes/api-server/store.ts';
import { configFor, kubeconfig } from '../kubernetes/api-server.ts';
import { MIX } from './scripted.ts';

async function onCluster(t: TestContext) {
  const { server, url } = await startApiServer(t);
  kubeconfig(t, configFor(url));
  const cleaned: string[] = [];
  const backend = (options: Partial<KubernetesOptions> = {}) =>
    kubernetesBackend({
      namespace: 'trial',
      k6Image: 'grafana/k6:1',
      loadPods: 1,
      onCleanUp: (namespaces) => cleaned.push(...namespaces),
      ...options,
    });
  return { server, backend, cleaned };
}

describe('on a cluster', () => {
  test('one trial runs at a time, loaded by k6 in the cluster', async (t) => {
    const { backend, cleaned } = await onCluster(t);
    const { name, load, pace, runtime } = await backend();
    assert.deepEqual([name, load.name, cleaned], ['here', 'k6', []]);
    const end = await pace.begin(new AbortController().signal);
    await assert.rejects(pace.begin(AbortSignal.abort(new Error('no room'))), /no room/);
    end(true);
    // The image decides.
    assert.deepEqual(await runtime('bun', new AbortController().signal), { name: 'bun', version: '', command: [] });
  });

  test('load comes from this machine if a URL is given', async (t) => {
    const { backend } = await onCluster(t);
    const url = 'http://node:{nodePort}';
    assert.equal((await backend({ url })).load.name, 'builtin');
    assert.equal((await backend({ url, load: 'k6' })).load.name, 'k6');
  });

  test('impossible options are refused before any request', async (t) => {
    const { server, backend } = await onCluster(t);
    await assert.rejects(backend({ load: 'builtin' }), /^InputError: --load builtin runs on this machine/);
    await assert.rejects(backend({ url: 'http://node' }), /^InputError: --url http:\/\/node: /);
    assert.deepEqual(server.seen, []);
  });

  test('leftovers of an earlier run are removed, and objects of others are not', async (t) => {
    const { server, backend, cleaned } = await onCluster(t);
    const labels = { 'app.kubernetes.io/managed-by': 'k8s-rollout-test' };
    const old = wholeSeconds(Date.now() - 3 * 3_600_000);
    const put = (name: string, metadata: object) =>
      server.store.put({ kind: 'Namespace', metadata: { name, ...metadata } });
    // Its owner is a process that never existed on this machine.
    const owner = JSON.stringify({ ...thisOwner(), pid: 2 ** 22 + 1 });
    put('left', { labels, creationTimestamp: old, annotations: { 'k8s-rollout-test/owner': owner } });
    put('other', { creationTimestamp: old });
    put('elsewhere', { labels, creationTimestamp: wholeSeconds() });
    await backend();
    assert.deepEqual(cleaned, ['left']);
    assert.deepEqual(
      server.requests(/namespaces\/[^/]+$/, 'DELETE').map(({ url }) => url),
      ['/api/v1/namespaces/left'],
    );
  });

  test('missing permissions end it before anything is created', async (t) => {
    const { server, backend } = await onCluster(t);
    server.allows = ({ verb, resource }) => !(verb === 'create' && resource === 'jobs');
    await assert.rejects(backend(), /^EnvironmentError: you may not create jobs on here; /);
  });
});

test('on this machine each trial has a cluster of its own', async () => {
  const backend = localBackend('builtin', {}, { onProgress: () => {} });
  assert.equal(localBackend('k6', {}, { onProgress: () => {} }).load.name, 'k6');
  const runtimes = [{ name: 'node', version: '1', command: ['node'] }] as const;
  const [first, second] = await planTrials({
    runtimes,
    variants: ['valid', 'broken'],
    repeats: 1,
    requestMix: MIX,
    load: 'builtin',
    cluster: 'local',
    seed: 1,
    run: 'r',
  });
  assert.ok(first && second);
  assert.notEqual(backend.clusterFor(first), backend.clusterFor(second));
});

test('a missing runtime is refused', async () => {
  const backend = localBackend('builtin', { bun: '/no/such/bun' }, { onProgress: () => {} });
  await assert.rejects(backend.runtime('bun', new AbortController().signal), /^InputError: --bun \/no\/such\/bun: /);
});
