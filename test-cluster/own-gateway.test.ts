/**
 * The load through a controller that the cluster already has: Traefik, by an Ingress and by an HTTPRoute. Needs the image
 * of Node and that of Traefik on the nodes, and `go`, which fetches the definitions of the Gateway API.
 */
import assert from 'node:assert/strict';
import type { TrialResult } from '../src/analysis/result.ts';
import { KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { Result } from '../src/results/result-file.ts';
import { run } from '../test/cli/program.ts';
import { installTraefik } from './installed-traefik.ts';
import { reachableFromPods } from './reachable-from-pods.ts';
import { witnessed } from './witness.ts';

const api = KubernetesApi.connect();
const { test } = witnessed(api);
const PREFIX = `own-gateway-${process.pid}`;
const MINUTES_MS = 60_000;
const PLACE = ['compare', '--on', 'kubernetes', '--namespace', PREFIX, '--rate', '150', '--runtime', 'node', '--json'];

test('a controller that the cluster already has', async (t) => {
  await reachableFromPods(t, api);
  const traefik = await installTraefik(t, api, `traefik-${process.pid}`);
  const named = `${traefik.namespace}/${traefik.name}`;
  const logs = ['--gateway-logs', named];
  const compared = async (args: string[]): Promise<readonly TrialResult[]> => {
    const { stdout, stderr } = await run(t, [...PLACE, ...args], { deadlineMs: 6 * MINUTES_MS });
    assert.notEqual(stdout, '', stderr);
    return Result.parse(JSON.parse(stdout)).trials;
  };

  await t.test('by an Ingress, with its Service and its log', async () => {
    const way = ['--ingress-class', traefik.ingressClass, '--gateway-service', named, ...logs];
    const trials = await compared(['--variant', 'without-pre-stop,valid', ...way]);
    const [broken, valid] = ['without-pre-stop', 'valid'].map(
      (variant) => trials.find((trial) => trial.variant === variant) as TrialResult,
    );
    assert.equal(broken?.through, `ingress-${traefik.ingressClass}`);
    assert.match(broken?.gateway?.version ?? '', /^3\./);
    assert.equal(broken?.gateway?.logUnread, undefined);
    assert.ok((broken?.failed ?? 0) > 0, JSON.stringify(broken));
    if (broken?.valid) {
      assert.ok(broken.causes.unexplained <= Math.max(2, 0.05 * broken.failed), JSON.stringify(broken.causes));
    }
    if (valid?.valid) assert.ok(valid.failed <= 0.01 * valid.exposed, JSON.stringify(valid.causes));
  });

  await t.test('by an HTTPRoute, at the address in the status of the Gateway', async () => {
    const [valid] = await compared(['--variant', 'valid', '--gateway', named, ...logs]);
    assert.equal(valid?.through, `gateway-${traefik.name}`);
    if (valid?.valid) assert.ok(valid.failed <= 0.01 * valid.exposed, JSON.stringify(valid.causes));
  });

  await t.test('by an Ingress, from this machine, without its log', async () => {
    const { items } = await api.core.listNode();
    const address = items[0]?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    const url = `http://${address}:${traefik.nodePort}`;
    const [broken] = await compared([
      '--variant',
      'without-pre-stop',
      '--ingress-class',
      traefik.ingressClass,
      '--url',
      url,
    ]);
    assert.equal(broken?.load, 'builtin');
    assert.equal(broken?.gateway?.logUnread, true);
    assert.ok((broken?.failed ?? 0) > 0, JSON.stringify(broken));
  });

  const { items } = await api.core.listNamespace();
  const left = items.flatMap(({ metadata }) => metadata?.name ?? []).filter((name) => name.startsWith(PREFIX));
  assert.deepEqual(left, []);
});
