/**
 * `compare --on kubernetes` from end to end, in the current context. The three images (npm run images) and the k6 image
 * must be on the cluster's nodes, or the nodes must be able to pull them.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { TrialResult } from '../src/analysis/result.ts';
import { KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { KubernetesCluster } from '../src/clusters/kubernetes/kubernetes-cluster.ts';
import { ProgramError } from '../src/errors.ts';
import { readManifests } from '../src/manifests/manifests.ts';
import { readRendered } from '../src/manifests/render-files.ts';
import { Result } from '../src/results/result-file.ts';
import { startClock } from '../src/trace/clock.ts';
import { run, start, until } from '../test/cli/program.ts';
import { account } from './account.ts';
import { witnessed } from './witness.ts';

const api = KubernetesApi.connect();
const { test } = witnessed(api);
/** The prefix of this test's own namespaces. */
const PREFIX = `test-${process.pid}`;
const ON_KUBERNETES = ['compare', '--on', 'kubernetes', '--namespace', PREFIX];
const MINUTES_MS = 60_000;

async function namespaces(): Promise<string[]> {
  const { items } = await api.core.listNamespace();
  return items.flatMap(({ metadata }) => metadata?.name ?? []).filter((name) => name.startsWith(PREFIX));
}

function trial(result: Result, variant: string): TrialResult {
  const found = result.trials.find((candidate) => candidate.variant === variant);
  assert.ok(found, `no trial of ${variant}`);
  return found;
}

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'on-kubernetes-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('a comparison from two load pods, with only the permissions of the ClusterRole', async (t) => {
  const kubeconfig = await account(t, api, `${PREFIX}-allowed`, 'compare');
  const args = [
    '--runtime',
    'bun',
    '--variant',
    'valid,without-pre-stop',
    '--rate',
    '210',
    '--load-pods',
    '2',
    '--json',
  ];
  const ended = await run(t, [...ON_KUBERNETES, ...args, '--out', folder(t)], {
    env: { KUBECONFIG: kubeconfig },
    deadlineMs: 6 * MINUTES_MS,
  });
  assert.notEqual(ended.code, 4, ended.stderr);
  const result = Result.parse(JSON.parse(ended.stdout));
  const valid = trial(result, 'valid');
  // Timing is tested elsewhere: if the cluster and its load share two cores, they sometimes starve each other.
  assert.ok(valid.failed <= 0.002 * valid.exposed, `${valid.failed} of ${valid.exposed}`);
  assert.deepEqual([valid.podsReplaced, valid.cluster, valid.load], [3, 'account', 'k6']);
  assert.match(valid.runtimeVersion, /^\d+\.\d+\.\d+/);
  // The shares of both pods add up to the rate.
  const seconds = (valid.rolloutMs ?? 0) / 1000;
  assert.ok(valid.requests > 0.8 * 105 * seconds, `${valid.requests} requests in more than ${seconds} s`);
  const broken = trial(result, 'without-pre-stop');
  assert.ok(broken.failed > 0);
  const { 'routing-lag': lag, 'keep-alive-race': race } = broken.causes;
  assert.ok(lag + race >= 0.9 * broken.failed, JSON.stringify(broken.causes));
  assert.deepEqual(await namespaces(), [], 'nothing is left');
});

test('Ctrl-C leaves nothing behind', async (t) => {
  const program = start(t, [...ON_KUBERNETES, '--runtime', 'node', '--variant', 'valid'], {
    deadlineMs: 4 * MINUTES_MS,
  });
  await until('a namespace', async () => (await namespaces()).length === 1);
  program.child.kill('SIGINT');
  const { code, stderr } = await program.ended;
  assert.equal(code, 130, stderr);
  assert.deepEqual(await namespaces(), []);
});

test('the next run deletes what a killed one has left behind', async (t) => {
  const killed = start(t, [...ON_KUBERNETES, '--runtime', 'node', '--variant', 'valid'], {
    deadlineMs: 4 * MINUTES_MS,
  });
  await until('a namespace', async () => (await namespaces()).length === 1);
  const [left] = await namespaces();
  killed.child.kill('SIGKILL');
  await killed.ended;
  const args = ['--runtime', 'node', '--variant', 'control', '--images', 'registry.invalid/nowhere'];
  const next = await run(t, [...ON_KUBERNETES, ...args], { deadlineMs: 4 * MINUTES_MS });
  assert.match(next.stderr, new RegExp(`^removed what an earlier run had left: namespace ${left}\n`));
  assert.deepEqual(await namespaces(), []);
});

test('an image that cannot be pulled is an error within seconds', async (t) => {
  const startedMs = performance.now();
  const args = ['--runtime', 'node', '--variant', 'valid', '--images', 'registry.invalid/nowhere'];
  const { code, stderr } = await run(t, [...ON_KUBERNETES, ...args], { deadlineMs: 4 * MINUTES_MS });
  assert.equal(code, 4, stderr);
  assert.match(
    stderr,
    /the image registry\.invalid\/nowhere\/k8s-rollout-test-node:local of pod \S+ cannot be pulled \(Err/,
  );
  assert.ok(performance.now() - startedMs < MINUTES_MS);
});

test('missing permissions are named', async (t) => {
  const kubeconfig = await account(t, api, `${PREFIX}-nothing`, 'nothing');
  const { code, stderr } = await run(t, [...ON_KUBERNETES, '--runtime', 'node'], { env: { KUBECONFIG: kubeconfig } });
  assert.equal(code, 4, stderr);
  assert.match(
    stderr,
    /^k8s-rollout-test: you may not create namespaces, .*on account; kubernetes\/cluster-role\.yaml/,
  );
});

test('pods that never become ready are reported with the reason and their last line', async () => {
  const yaml = readRendered('valid-bun')
    .replaceAll('path: /readyz', 'path: /nowhere')
    .replace('progressDeadlineSeconds: 120', 'progressDeadlineSeconds: 10')
    .replace('replicas: 3', 'replicas: 1')
    .replace('terminationGracePeriodSeconds: 15', 'terminationGracePeriodSeconds: 6');
  const cluster = new KubernetesCluster({ api, namespacePrefix: PREFIX });
  const deployed = cluster.deploy({
    manifests: readManifests(yaml, 'unready.yaml'),
    clock: startClock(),
    signal: AbortSignal.timeout(2 * MINUTES_MS),
  });
  await assert.rejects(deployed, (error) => {
    assert.ok(error instanceof ProgramError, `${error}`);
    assert.match(
      error.message,
      /^unready\.yaml: the pods did not become ready: no progress within 10 s \(progressDeadlineSeconds\); pod \S+ is not ready; its last line: \{"event"/,
    );
    return true;
  });
  assert.deepEqual(await namespaces(), []);
});

test('a rejection by the API server is an error in its words', async () => {
  const yaml = readRendered('valid-bun').replace('seconds: 5', 'seconds: 99');
  const deployed = new KubernetesCluster({ api, namespacePrefix: PREFIX }).deploy({
    manifests: readManifests(yaml, 'refused.yaml'),
    clock: startClock(),
    signal: AbortSignal.timeout(MINUTES_MS),
  });
  await assert.rejects(
    deployed,
    /cannot apply the Deployment rollout-test of refused\.yaml .*must be non-negative and less than terminationGracePeriodSeconds \(15\)/,
  );
  assert.deepEqual(await namespaces(), []);
});
