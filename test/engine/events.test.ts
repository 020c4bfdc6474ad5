/** Everything but a rollout that can be done to the pods of the local cluster, with real processes. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { LocalCluster } from '../../src/clusters/local/local-cluster.ts';
import { startClock } from '../../src/trace/clock.ts';
import type { PlannedDisruption } from '../../src/trace/disruption.ts';
import { manifests, PROMPT, type Shape, serverCommand } from './manifests.ts';
import { disrupted, podsOf, rollOut } from './rollout.ts';

const event = (t: TestContext, shape: Shape, planned: PlannedDisruption) =>
  disrupted(t, manifests(shape), planned, serverCommand(PROMPT));

describe('on the local cluster', { concurrency: 8 }, () => {
  test('scale-down deletes a pod of the crowded node, and creates none', async (t) => {
    const record = await event(t, { replicas: 3 }, { kind: 'scale-down', replicas: 2 });
    const [deleted, ...more] = record.pods.filter(({ deletionMs }) => deletionMs !== undefined);
    assert.deepEqual([record.pods.length, more.length, deleted?.node], [3, 0, 'node1']);
    assert.ok(deleted?.goneMs !== undefined);
    assert.equal(record.routerViews.at(-1)?.pods.length, 2);
  });

  test('scale-down of a StatefulSet deletes the highest ordinals, one after the other', async (t) => {
    const record = await event(t, { kind: 'StatefulSet', replicas: 3 }, { kind: 'scale-down', replicas: 1 });
    const deleted = record.pods.filter(({ deletionMs }) => deletionMs !== undefined);
    assert.deepEqual(deleted.map(({ name }) => name).sort(), ['web-1', 'web-2']);
    const [one, two] = ['web-1', 'web-2'].map((name) => deleted.find((pod) => pod.name === name));
    assert.ok((two?.goneMs ?? Number.NaN) <= (one?.deletionMs ?? Number.NaN));
  });

  test('delete-pod: its ReplicaSet replaces it, with the same template', async (t) => {
    const record = await event(t, { replicas: 2 }, { kind: 'delete-pod' });
    assert.deepEqual([podsOf(record, 'old').length, podsOf(record, 'new').length], [2, 1]);
    const deleted = record.pods.filter(({ deletionMs }) => deletionMs !== undefined);
    assert.deepEqual(
      deleted.map(({ uid }) => uid),
      [record.outcome.pod],
    );
    assert.ok(podsOf(record, 'new')[0]?.readyMs !== undefined);
  });

  test('drain evicts the pods of one node; their replacements are on the other', async (t) => {
    const record = await event(t, { replicas: 4 }, { kind: 'drain', node: 'node1' });
    assert.deepEqual(
      podsOf(record, 'old').map(({ node, deletionMs }) => [node, deletionMs !== undefined]),
      [
        ['node1', true],
        ['node2', false],
        ['node1', true],
        ['node2', false],
      ],
    );
    assert.deepEqual(
      podsOf(record, 'new').map(({ node }) => node),
      ['node2', 'node2'],
    );
    assert.equal(record.outcome.refusedEvictions, 0);
  });

  test('drain waits for its PodDisruptionBudget, as kubectl drain does', async (t) => {
    const shape = { replicas: 4, budget: 'maxUnavailable: 1' };
    const record = await event(t, shape, { kind: 'drain', node: 'node1' });
    const refused = record.events.filter(({ type }) => type === 'EvictionRefused');
    assert.deepEqual([record.outcome.refusedEvictions, refused.length], [1, 1]);
    assert.match(
      refused[0]?.message ?? '',
      /^429 Too Many Requests: Cannot evict pod .* The disruption budget web needs 3 healthy pods and has 3 currently$/,
    );
    const [first, second] = podsOf(record, 'old')
      .flatMap(({ deletionMs }) => deletionMs ?? [])
      .sort((a, b) => a - b);
    assert.ok((second ?? 0) - (first ?? 0) >= 4990);
  });

  test('restart: the container runs again in the same pod, and gets no signal to stop', async (t) => {
    const record = await event(t, { replicas: 2 }, { kind: 'restart' });
    const restarted = record.pods.filter(({ containers }) => containers[0]?.runs.length === 2);
    assert.deepEqual(
      restarted.map(({ uid, deletionMs }) => [uid, deletionMs]),
      [[record.outcome.pod, undefined]],
    );
    const { runs = [], stopSignalMs, log = [] } = restarted[0]?.containers[0] ?? {};
    assert.equal(runs[0]?.exitSignal, 'SIGKILL');
    assert.ok((runs[1]?.readyMs ?? 0) >= (runs[0]?.endedMs ?? Number.NaN));
    assert.ok(stopSignalMs === undefined && !log.some((line) => line.includes('sigterm')));
    assert.equal(record.pods.length, 2);
  });

  test('rollback returns to the first revision: the pods of the second are the old ones', async (t) => {
    const record = await event(t, { replicas: 2 }, { kind: 'rollback' });
    assert.deepEqual([podsOf(record, 'old').length, podsOf(record, 'new').length], [2, 2]);
    assert.ok(podsOf(record, 'old').every(({ exitMs }) => exitMs !== undefined));
  });

  test('bad-version: the old pods stay until it is undone', async (t) => {
    const shape = { replicas: 2, progressDeadlineSeconds: 5 };
    const record = await event(t, shape, { kind: 'bad-version' });
    const [bad, ...more] = podsOf(record, 'new');
    assert.deepEqual([bad?.readyMs, more.length], [undefined, 0]);
    const { undoneMs = Number.NaN } = record.outcome;
    assert.ok(undoneMs - (bad?.createdMs ?? 0) >= 4900 && (bad?.deletionMs ?? 0) >= undoneMs);
    assert.ok(podsOf(record, 'old').every(({ deletionMs }) => deletionMs === undefined));
  });

  test('bad-version of a Deployment that may miss a pod: it is replaced after the undoing', async (t) => {
    const strategy = '{ rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }';
    const record = await event(t, { replicas: 2, progressDeadlineSeconds: 5, strategy }, { kind: 'bad-version' });
    const old = podsOf(record, 'old').filter(({ deletionMs }) => deletionMs !== undefined);
    assert.equal(old.length, 1);
    assert.deepEqual(
      podsOf(record, 'new').map(({ readyMs }) => readyMs !== undefined),
      [false, true],
    );
  });

  test('a StatefulSet with a partition replaces only the pods from it on', async (t) => {
    const shape: Shape = { kind: 'StatefulSet', replicas: 3, updateStrategy: '{ rollingUpdate: { partition: 1 } }' };
    const record = await rollOut(t, manifests(shape), serverCommand(PROMPT));
    assert.deepEqual(
      podsOf(record, 'new').map(({ name }) => name),
      ['web-2', 'web-1'],
    );
    assert.equal(podsOf(record, 'old')[0]?.deletionMs, undefined);
  });

  test('a StatefulSet with maxUnavailable 2 deletes two pods at once', async (t) => {
    const shape: Shape = {
      kind: 'StatefulSet',
      replicas: 3,
      podManagementPolicy: 'Parallel',
      updateStrategy: '{ rollingUpdate: { maxUnavailable: 2 } }',
    };
    const record = await rollOut(t, manifests(shape), serverCommand(PROMPT));
    const deletion = (name: string) => podsOf(record, 'old').find((pod) => pod.name === name)?.deletionMs ?? Number.NaN;
    const ready = (name: string) => podsOf(record, 'new').find((pod) => pod.name === name)?.readyMs ?? Number.NaN;
    assert.ok(deletion('web-1') < ready('web-2'), 'it does not wait for the first');
    assert.ok(deletion('web-0') >= Math.min(ready('web-1'), ready('web-2')), 'no more than two at a time');
  });

  for (const [what, updateStrategy, surges] of [
    ['replaces one pod after the other', undefined, false],
    ['with maxSurge creates the new pod first', '{ rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }', true],
  ] as const) {
    test(`a DaemonSet runs one pod on each node and ${what}`, async (t) => {
      const shape: Shape = { kind: 'DaemonSet', ...(updateStrategy && { updateStrategy }) };
      const record = await rollOut(t, manifests(shape), serverCommand(PROMPT));
      for (const generation of ['old', 'new'] as const) {
        assert.deepEqual(
          podsOf(record, generation)
            .map(({ node }) => node)
            .sort(),
          ['node1', 'node2'],
        );
      }
      for (const fresh of podsOf(record, 'new')) {
        const old = record.pods.find(({ node, generation }) => node === fresh.node && generation === 'old');
        assert.equal(fresh.createdMs < (old?.goneMs ?? Number.NaN), surges);
      }
    });
  }
});

describe('an event that is impossible, or that would never end, is rejected before any pod starts', () => {
  const table: [what: string, shape: Shape, planned: PlannedDisruption, words: RegExp][] = [
    [
      'scale-down to as many replicas',
      { replicas: 2 },
      { kind: 'scale-down', replicas: 2 },
      /^--event scale-down=2: test: Deployment "web" has 2 replicas; name a lower number$/,
    ],
    [
      'scale-down of a DaemonSet',
      { kind: 'DaemonSet' },
      { kind: 'scale-down', replicas: 1 },
      /DaemonSet "web" has no replicas; it runs one pod per node$/,
    ],
    [
      'drain of an unknown node',
      {},
      { kind: 'drain', node: 'node9' },
      /^--event drain=node9: the local cluster has the nodes node1 and node2$/,
    ],
    [
      'drain with a DaemonSet',
      { kind: 'DaemonSet' },
      { kind: 'drain', node: 'node1' },
      /DaemonSet "web" has one pod per node, which a drain leaves where it is$/,
    ],
    [
      'an eviction that the budget never allows',
      { replicas: 2, budget: 'minAvailable: 2' },
      { kind: 'evict' },
      /PodDisruptionBudget "web" allows no eviction of 2 healthy pods, so kubectl drain waits forever/,
    ],
    [
      'a bad version without a deadline',
      { progressDeadlineSeconds: 2 ** 31 - 1 },
      { kind: 'bad-version' },
      /has no progress deadline, so nothing ends the wait; set progressDeadlineSeconds$/,
    ],
  ];
  for (const [what, shape, disruption, message] of table) {
    test(what, async () => {
      const cluster = new LocalCluster({ images: { web: { command: serverCommand() } }, seed: 1 });
      const signal = new AbortController().signal;
      const deployed = cluster.deploy({ manifests: manifests(shape), clock: startClock(), signal, disruption });
      await assert.rejects(deployed, { name: 'InputError', message });
    });
  }
});
