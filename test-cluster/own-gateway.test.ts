/**
 * The load through a controller that the cluster already has: Traefik, by an Ingress and by an HTTPRoute. Needs the image
 * of Node and that of Traefik on the nodes and, for the HTTPRoute, `go` with the definitions of the Gateway API.
 */
import assert from 'node:assert/strict';
import type { KubernetesObject } from '@kubernetes/client-node';
import type { TrialResult } from '../src/analysis/result.ts';
import { KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { createNamespace, deleteNamespace } from '../src/clusters/kubernetes/namespaces.ts';
import { readManifests } from '../src/manifests/manifests.ts';
import { readRendered } from '../src/manifests/render-files.ts';
import { Result } from '../src/results/result-file.ts';
import { run } from '../test/cli/program.ts';
import { installTraefik } from './installed-traefik.ts';
import { reachableFromPods } from './reachable-from-pods.ts';
import { witnessed } from './witness.ts';

const api = KubernetesApi.connect();
const { test, explained } = witnessed(api);
const PREFIX = `own-gateway-${process.pid}`;
const MINUTES_MS = 60_000;
const PLACE = ['compare', '--on', 'kubernetes', '--namespace', PREFIX, '--rate', '150', '--runtime', 'node', '--json'];

test('a controller that the cluster already has', async (t) => {
  await reachableFromPods(t, api);
  const traefik = await installTraefik(t, api, `traefik-${process.pid}`);
  const named = `${traefik.namespace}/${traefik.name}`;
  const logs = ['--gateway-logs', named];
  const step = (name: string, skip: string | false, body: () => Promise<void>) =>
    t.test(name, { skip }, () => explained(name, body));
  const compared = async (args: string[]): Promise<readonly TrialResult[]> => {
    const { stdout, stderr } = await run(t, [...PLACE, ...args], { deadlineMs: 6 * MINUTES_MS });
    assert.notEqual(stdout, '', stderr);
    return Result.parse(JSON.parse(stdout)).trials;
  };

  await step('by an Ingress, with its Service and its log', false, async () => {
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

  const skip = !traefik.hasGateway && 'the definitions of the Gateway API are not here';
  await step('by an HTTPRoute, at the address in the status of the Gateway', skip, async () => {
    const [valid] = await compared(['--variant', 'valid', '--gateway', named, ...logs]);
    assert.equal(valid?.through, `gateway-${traefik.name}`);
    if (valid?.valid) assert.ok(valid.failed <= 0.01 * valid.exposed, JSON.stringify(valid.causes));
  });

  await step("for the user's own manifests, and through a gateway beside them", false, async () => {
    const place = ['run', '--on', 'kubernetes', '-k', 'kustomize/overlays/valid-node', '--rate', '100', '--json'];
    const ways = ['--through', 'haproxy', '--ingress-class', traefik.ingressClass, '--gateway-service', named, ...logs];
    const { stdout, stderr } = await run(t, [...place, ...ways, '--method', 'POST'], { deadlineMs: 6 * MINUTES_MS });
    assert.notEqual(stdout, '', stderr);
    const { trials } = Result.parse(JSON.parse(stdout));
    for (const through of ['haproxy-service', `ingress-${traefik.ingressClass}`]) {
      const rollout = trials.find((trial) => trial.through === through && trial.variant !== 'control');
      assert.ok(rollout, stdout);
      assert.ok(rollout.requests > 0 && rollout.podsReplaced > 0, JSON.stringify(rollout));
      if (rollout.valid) assert.ok(rollout.failed <= 0.01 * rollout.exposed, JSON.stringify(rollout.causes));
    }
  });

  await step('by an Ingress, from this machine, without its log', false, async () => {
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

  await step('before a workload in use, with its log', false, async () => {
    const namespace = await createNamespace(api, `${PREFIX}-in-use`);
    t.after(() => deleteNamespace(api, namespace));
    const { objects } = readManifests(readRendered('without-pre-stop-node'), 'without-pre-stop-node');
    for (const { metadata, ...object } of objects) {
      if (object.kind !== 'Namespace') await api.objects.create({ ...object, metadata: { ...metadata, namespace } });
    }
    const backend = { service: { name: 'rollout-test', port: { number: 80 } } };
    const rules = [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
    await api.objects.create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'in-use', namespace },
      spec: { ingressClassName: traefik.ingressClass, rules },
    } as KubernetesObject);
    const { items } = await api.core.listNode();
    const address = items[0]?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    const url = `http://${address}:${traefik.nodePort}`;
    const place = ['run', '--on', 'kubernetes', '-n', namespace, '--deployment', 'rollout-test', '--url', url, '--yes'];
    const load = ['--method', 'POST', '--path', '/', '--rate', '150', '--json'];
    const { stdout, stderr } = await run(t, [...place, ...logs, ...load], { deadlineMs: 6 * MINUTES_MS });
    assert.notEqual(stdout, '', stderr);
    const { trials } = Result.parse(JSON.parse(stdout));
    const rollout = trials.find(({ variant }) => variant !== 'control') as TrialResult;
    assert.equal(rollout.through, traefik.name);
    assert.equal(rollout.gateway?.logUnread, undefined);
    assert.ok(rollout.failed > 0, JSON.stringify(rollout));
  });

  const { items } = await api.core.listNamespace();
  const left = items
    .flatMap(({ metadata }) => metadata?.name ?? [])
    .filter((name) => name.startsWith(PREFIX) && !name.includes('-in-use'));
  assert.deepEqual(left, []);
});
