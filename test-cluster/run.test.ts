/**
 * `run` and `check --on kubernetes`, on workloads that already serve, in the current context. The three images (npm run
 * images) must be on the cluster's nodes, and the nodes must be reachable from this machine.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, type TestContext } from 'node:test';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import type { TrialResult } from '../src/analysis/result.ts';
import { FIELD_MANAGER, KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { createNamespace, deleteNamespace } from '../src/clusters/kubernetes/namespaces.ts';
import { readWorkload, type WorkloadReference, workloadState } from '../src/clusters/kubernetes/workload.ts';
import { readManifests } from '../src/manifests/manifests.ts';
import { readRendered } from '../src/manifests/render-files.ts';
import { readRun } from '../src/results/read-run.ts';
import { Result } from '../src/results/result-file.ts';
import { run, until } from '../test/cli/program.ts';
import { account } from './account.ts';
import { witnessed } from './witness.ts';

const api = KubernetesApi.connect();
const { test, explained } = witnessed(api);
const NAME = 'rollout-test';
const MINUTES_MS = 60_000;

let namespace = '';
let url = '';
let kubeconfig = '';
const cleanUps: (() => unknown)[] = [];

/** The app as a user's workload in a namespace of its own: a Deployment, and a StatefulSet with the same pod spec. */
before(() => explained('the workloads that serve already', serve));

async function serve(): Promise<void> {
  namespace = await createNamespace(api, `run-${process.pid}`);
  kubeconfig = await account({ after: (cleanUp) => cleanUps.push(cleanUp) }, api, namespace, { runIn: namespace });
  const { objects, workload } = readManifests(readRendered('valid-bun'), 'valid-bun');
  const { selector, template } = workload.spec;
  const labels = { app: 'set' };
  const pods = { ...template, metadata: { labels } };
  const set = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'set' },
    spec: {
      replicas: 2,
      serviceName: 'set',
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: labels },
      template: pods,
    },
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'set' },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] },
  };
  assert.ok(selector);
  for (const object of [...objects, set, service]) {
    const nodePort =
      object.kind === 'Service' ? { spec: { ...(object as { spec: object }).spec, type: 'NodePort' } } : {};
    const placed = { ...object, ...nodePort, metadata: { ...(object.metadata as object), namespace } };
    await api.objects.patch(placed as never, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
  }
  url = await nodeUrl(NAME);
  for (const reference of [DEPLOYMENT(), SET()]) {
    await until(`${reference.kind} ready`, async () => workloadState(await readWorkload(api, reference)).complete);
  }
}
after(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  await deleteNamespace(api, namespace);
});

const DEPLOYMENT = (): WorkloadReference => ({ kind: 'Deployment', name: NAME, namespace });
const SET = (): WorkloadReference => ({ kind: 'StatefulSet', name: 'set', namespace });

async function nodeUrl(service: string): Promise<string> {
  const { items } = await api.core.listNode();
  const address = items[0]?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const { spec } = await api.core.readNamespacedService({ name: service, namespace });
  return `http://${address}:${spec?.ports?.[0]?.nodePort}`;
}

const onKubernetes = (...args: string[]) => ['run', '--on', 'kubernetes', '-n', namespace, '--rate', '100', ...args];

async function rolled(t: TestContext, args: string[]): Promise<TrialResult> {
  const env = { KUBECONFIG: kubeconfig };
  const ended = await run(t, [...args, '--yes', '--json'], { env, deadlineMs: 5 * MINUTES_MS });
  assert.equal(ended.signal, null, ended.stderr);
  const { trials } = Result.parse(JSON.parse(ended.stdout));
  const rollout = trials.find(({ variant }) => variant === 'own');
  assert.ok(rollout, ended.stderr);
  assert.deepEqual(rollout.invalidReasons, []);
  return rollout;
}

/** Gives the Deployment another preStop hook, and waits until all pods have it. */
async function preStop(hook: object): Promise<void> {
  const none = { sleep: null, exec: null };
  const { metadata, spec } = await api.apps.readNamespacedDeployment({ name: NAME, namespace });
  const container = spec?.template.spec?.containers[0]?.name;
  const containers = [{ name: container, lifecycle: { preStop: { ...none, ...hook } } }];
  await api.apps.patchNamespacedDeployment(
    { name: metadata?.name ?? '', namespace, body: { spec: { template: { spec: { containers } } } } },
    setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
  );
  await until('the hook', async () => workloadState(await readWorkload(api, DEPLOYMENT())).complete);
}

const generation = async (reference: WorkloadReference) => (await readWorkload(api, reference)).metadata?.generation;

interface DeploymentSpec {
  replicas: number;
  minReadySeconds: number;
  template: { spec: { containers: [{ env: { name: string }[]; envFrom?: object[]; lifecycle?: undefined }] } };
}

/** What people have beside a Deployment: its server exits at once on SIGTERM, as the ConfigMap says. */
const OWN_OBJECTS = (objects: readonly object[]) => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'shop' },
    data: { SHUTDOWN: 'exit' },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { defaultBackend: { service: { name: NAME, port: { number: 80 } } } },
  },
  ...objects,
];

describe('run --on kubernetes -f', () => {
  test("applies a user's objects in a namespace of their own, and deletes it", async (t) => {
    const { objects } = readManifests(readRendered('without-graceful-shutdown-bun'), 'overlay');
    const written = structuredClone(OWN_OBJECTS(objects)) as { kind: string; spec: DeploymentSpec }[];
    for (const { kind, spec } of written) {
      if (kind !== 'Deployment') continue;
      const [container] = spec.template.spec.containers;
      container.env = container.env.filter(({ name }) => name !== 'SHUTDOWN');
      container.envFrom = [{ configMapRef: { name: 'settings' } }];
      container.lifecycle = undefined;
      spec.replicas = 2;
      // Nobody sees which pod a request behind the Service reached. Deletions this far apart leave one that is possible.
      spec.minReadySeconds = 5;
    }
    const file = join(mkdtempSync(join(tmpdir(), 'own-')), 'all.json');
    t.after(() => rmSync(dirname(file), { recursive: true }));
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: written }));
    const ended = await run(
      t,
      ['run', '--on', 'kubernetes', '-f', file, '--path', '/delay/1000', '--rate', '40', '--json'],
      {
        deadlineMs: 5 * MINUTES_MS,
      },
    );
    const { trials } = Result.parse(JSON.parse(ended.stdout));
    const rollout = trials.find(({ variant }) => variant === 'own');
    assert.equal(ended.code, 1, ended.stderr);
    assert.match(ended.stderr, /^note: Ingress\/web: not applied/m);
    assert.deepEqual([rollout?.load, rollout?.podsReplaced, rollout?.invalidReasons], ['k6', 2, []]);
    // The app exits with 1 s of requests under way. Go sends those on kept connections again, which are then refused.
    const { 'no-graceful-shutdown': cut = 0, 'routing-lag': lag = 0 } = rollout?.causes ?? {};
    assert.ok(cut > 5 && cut + lag >= 0.9 * (rollout?.failed ?? 0), JSON.stringify(rollout));
    const { items } = await api.core.listNamespace();
    assert.deepEqual(
      items.filter(({ metadata }) => metadata?.name?.startsWith('rollout-test-')),
      [],
    );
  });
});

describe('run --on kubernetes', () => {
  test('--dry-run shows what it would do, and does nothing', async (t) => {
    const before = await generation(DEPLOYMENT());
    const ended = await run(t, onKubernetes('--deployment', NAME, '--url', url, '--dry-run'), {
      env: { KUBECONFIG: kubeconfig },
    });
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stdout, /Deployment rollout-test behind Service rollout-test/);
    assert.match(
      ended.stdout,
      /3 replicas; RollingUpdate, maxSurge 1, maxUnavailable 0; grace period 15 s; preStop: sleep 5 s; stop signal: SIGTERM/,
    );
    assert.match(ended.stdout, /restarts the Deployment rollout-test once/);
    assert.equal(await generation(DEPLOYMENT()), before);
  });

  test('without --yes and without a terminal it refuses, and does nothing', async (t) => {
    const before = await generation(DEPLOYMENT());
    const ended = await run(t, onKubernetes('--deployment', NAME, '--url', url), { env: { KUBECONFIG: kubeconfig } });
    assert.equal(ended.code, 2, ended.stderr);
    assert.match(ended.stderr, /^k8s-rollout-test: run --on kubernetes disrupts pods; pass --yes to confirm[^\n]*\n$/);
    assert.equal(await generation(DEPLOYMENT()), before);
  });

  test('restarts a Deployment, with only the permissions of the role', async (t) => {
    const rollout = await rolled(t, onKubernetes('--deployment', NAME, '--url', url, '--max-failed', '5'));
    assert.deepEqual([rollout.podsReplaced, rollout.load], [3, 'builtin']);
    assert.ok(rollout.exposed > 500, String(rollout.exposed));
    assert.ok(rollout.failed <= 0.01 * rollout.exposed, `${rollout.failed} of ${rollout.exposed}`);
  });

  test('restarts a StatefulSet, whose new pods have the names of the old ones', async (t) => {
    const rollout = await rolled(
      t,
      onKubernetes('--statefulset', 'set', '--url', await nodeUrl('set'), '--max-failed', '5'),
    );
    assert.equal(rollout.podsReplaced, 2);
  });

  test('evicts one pod, with only the permissions of the role', async (t) => {
    const args = onKubernetes('--deployment', NAME, '--url', url, '--max-failed', '5', '--event', 'evict');
    const evicted = await rolled(t, args);
    assert.deepEqual([evicted.disruption, evicted.podsReplaced, evicted.refusedEvictions], ['evict', 1, 0]);
  });

  test('scales down, and back afterwards', async (t) => {
    const args = onKubernetes('--deployment', NAME, '--url', url, '--max-failed', '5', '--event', 'scale-down=1');
    const scaled = await rolled(t, args);
    assert.deepEqual([scaled.disruption, scaled.podsReplaced, scaled.scaledTo], ['scale-down', 2, 1]);
    assert.equal(workloadState(await readWorkload(api, DEPLOYMENT())).replicas, 3);
    await until('its pods', async () => workloadState(await readWorkload(api, DEPLOYMENT())).complete);
  });

  test('kills no container where the namespace admits no privileged pod', async (t) => {
    const args = onKubernetes('--deployment', NAME, '--url', url, '--yes', '--event', 'restart');
    const ended = await run(t, args, { env: { KUBECONFIG: kubeconfig }, deadlineMs: 2 * MINUTES_MS });
    assert.equal(ended.code, 4, ended.stderr);
    assert.match(ended.stderr, /cannot create the privileged pod kill-\S+ that kills a container .*PodSecurity/);
  });

  test('measures a rollout by another command', async (t) => {
    const trigger = `kubectl -n ${namespace} delete pod --wait=false $(kubectl -n ${namespace} get pods -l app.kubernetes.io/name=${NAME} -o name | head -1 | cut -d/ -f2)`;
    const args = onKubernetes('--deployment', NAME, '--url', url, '--max-failed', '50', '--trigger', trigger);
    // The command needs permissions of its own.
    const ended = await run(t, [...args, '--yes', '--json'], { deadlineMs: 5 * MINUTES_MS });
    const { trials } = Result.parse(JSON.parse(ended.stdout));
    const rollout = trials.find(({ variant }) => variant === 'own');
    assert.deepEqual([rollout?.podsReplaced, rollout?.invalidReasons], [1, []], ended.stderr);
  });

  test('a command that fails ends the run with its output', async (t) => {
    const args = onKubernetes(
      '--deployment',
      NAME,
      '--url',
      url,
      '--yes',
      '--trigger',
      'echo no such release >&2; exit 7',
    );
    const ended = await run(t, args, { env: { KUBECONFIG: kubeconfig }, deadlineMs: 2 * MINUTES_MS });
    assert.equal(ended.code, 4, ended.stderr);
    assert.match(ended.stderr, /--trigger: the command failed with exit code 7: no such release/);
  });

  test('records a preStop hook that fails, and ignores events from before', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'run-'));
    t.after(() => rmSync(folder, { recursive: true }));
    await preStop({ exec: { command: ['/no/such/program'] } });
    t.after(() => preStop({ sleep: { seconds: 5 } }));
    await api.core.createNamespacedEvent({
      namespace,
      body: {
        metadata: { name: 'refused' },
        involvedObject: { kind: 'ReplicaSet', name: `${NAME}-5d4f8c7b9x`, namespace },
        type: 'Warning',
        reason: 'FailedCreate',
        message: 'pods "x" is forbidden: exceeded quota: q',
        firstTimestamp: new Date(),
        lastTimestamp: new Date(),
      },
    });
    await rolled(t, onKubernetes('--deployment', NAME, '--url', url, '--max-failed', '10000', '--out', folder));
    const saved = readRun(folder);
    const events = saved.trials.flatMap((trial) => saved.traceOf(trial)?.cluster.events ?? []);
    const failed = events.filter(({ type }) => type === 'FailedPreStopHook');
    assert.equal(new Set(failed.map(({ pod }) => pod?.uid)).size, 3, JSON.stringify(events));
    assert.ok(events.every(({ type }) => type !== 'FailedCreate'));
  });

  test('rejects a workload that a restart would not replace, and changes nothing', async (t) => {
    const patch = (body: object) =>
      api.apps.patchNamespacedDeployment(
        { name: NAME, namespace, body },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
    await patch({ spec: { paused: true } });
    t.after(() => patch({ spec: { paused: null } }));
    const before = await generation(DEPLOYMENT());
    const ended = await run(t, onKubernetes('--deployment', NAME, '--url', url, '--yes'), {
      env: { KUBECONFIG: kubeconfig },
    });
    assert.equal(ended.code, 2, ended.stderr);
    assert.match(ended.stderr, /^k8s-rollout-test: Deployment rollout-test in run-\S+: it is paused, [^\n]*\n$/);
    assert.equal(await generation(DEPLOYMENT()), before);
  });

  test('a missing workload', async (t) => {
    const ended = await run(t, onKubernetes('--deployment', 'none', '--url', url, '--yes'), {
      env: { KUBECONFIG: kubeconfig },
    });
    assert.equal(ended.code, 2, ended.stderr);
    assert.match(ended.stderr, /^k8s-rollout-test: no Deployment none in namespace run-/);
  });
});

test('check --on kubernetes checks what runs: a Deployment that was changed after its file was written', async (t) => {
  const clean = await run(t, ['check', '--on', 'kubernetes', '-n', namespace, '--json']);
  const rules = (stdout: string) =>
    (JSON.parse(stdout).findings as { rule: string; severity: string; object?: { name: string } }[])
      .filter(({ object, severity }) => object?.name === NAME && severity !== 'info')
      .map(({ rule }) => rule);
  assert.deepEqual(rules(clean.stdout), [], clean.stdout);
  await api.apps.patchNamespacedDeployment(
    { name: NAME, namespace, body: { spec: { template: { spec: { terminationGracePeriodSeconds: 6 } } } } },
    setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
  );
  await until(
    'the changed Deployment ready',
    async () => workloadState(await readWorkload(api, DEPLOYMENT())).complete,
  );
  const found = await run(t, ['check', '--on', 'kubernetes', '-n', namespace, '--json']);
  assert.equal(found.code, 1);
  assert.ok(rules(found.stdout).length > 0, found.stdout);
});
