/**
 * Trials through gateways in the namespace of each trial. Needs the image of Node and those of src/gateways/images.ts on
 * the nodes.
 */
import assert from 'node:assert/strict';
import { DiscoveryV1Api } from '@kubernetes/client-node';
import type { TrialResult } from '../src/analysis/result.ts';
import { KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { Result } from '../src/results/result-file.ts';
import { run } from '../test/cli/program.ts';
import { witnessed } from './witness.ts';

const api = KubernetesApi.connect();
const { test } = witnessed(api);
const PREFIX = `gateways-${process.pid}`;
const MINUTES_MS = 60_000;

/** A test cluster may give pods no way to its API server: `kubernetes` in `default` without an endpoint. */
async function reachableFromPods(t: { after(cleanUp: () => unknown): void }): Promise<void> {
  const discovery = api.client(DiscoveryV1Api);
  const namespace = 'default';
  const labels = { 'kubernetes.io/service-name': 'kubernetes' };
  const { items } = await discovery.listNamespacedEndpointSlice({
    namespace,
    labelSelector: 'kubernetes.io/service-name=kubernetes',
  });
  if (items.some(({ endpoints }) => (endpoints ?? []).length > 0)) return;
  const { hostname, port } = new URL(api.server);
  const name = 'kubernetes-from-tests';
  await discovery.createNamespacedEndpointSlice({
    namespace,
    body: {
      metadata: { name, labels },
      addressType: 'IPv4',
      endpoints: [{ addresses: [hostname], conditions: { ready: true } }],
      ports: [{ name: 'https', port: Number(port), protocol: 'TCP' }],
    },
  });
  t.after(() => discovery.deleteNamespacedEndpointSlice({ namespace, name }));
}

test('without-pre-stop and valid, each through Traefik, Envoy and nginx', async (t) => {
  await reachableFromPods(t);
  const args = ['--runtime', 'node', '--variant', 'without-pre-stop,valid', '--through', 'traefik,envoy,nginx'];
  const place = ['--on', 'kubernetes', '--namespace', PREFIX, '--rate', '150', '--json'];
  const { stdout, stderr } = await run(t, ['compare', ...place, ...args], { deadlineMs: 14 * MINUTES_MS });
  assert.notEqual(stdout, '', stderr);
  const { trials } = Result.parse(JSON.parse(stdout));
  const of = (variant: string, through: string) => {
    const found = trials.find((trial) => trial.variant === variant && trial.through === through);
    assert.ok(found, `no trial of ${variant} through ${through}`);
    return found;
  };
  for (const [through, upstream] of [
    ['traefik', 'pods'],
    ['envoy', 'pods'],
    ['nginx-service', 'service'],
  ] as const) {
    const broken: TrialResult = of('without-pre-stop', through);
    const about = JSON.stringify({ through, failed: broken.failed, causes: broken.causes });
    assert.equal(broken.gateway?.upstream, upstream);
    assert.match(broken.gateway?.version ?? '', /^\d+\.\d+/);
    assert.ok(broken.failed > 0, about);
    // Which connection a request had is not always known behind the Service's address.
    if (upstream === 'pods') assert.ok(broken.causes.unexplained <= Math.max(2, 0.05 * broken.failed), about);
    const valid = of('valid', through);
    if (valid.valid) assert.ok(valid.failed <= 0.01 * valid.exposed, JSON.stringify(valid.causes));
    assert.equal(valid.podsReplaced, 3);
  }
  const { items } = await api.core.listNamespace();
  assert.deepEqual(
    items.flatMap(({ metadata }) => metadata?.name ?? []).filter((name) => name.startsWith(PREFIX)),
    [],
  );
});
