/** What the observer records in a namespace where pods come and go, connections break, and unrelated things happen. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Observer } from '../../src/clusters/kubernetes/observer.ts';
import type { Shape } from '../engine/manifests.ts';
import { ScriptedDeployment } from './api-server/deployments.ts';
import { gate } from './api-server/faults.ts';
import { podObject, readyPod, sliceObject, warning } from './api-server/objects.ts';
import type { ApiServer } from './api-server/server.ts';
import { wholeSeconds } from './api-server/store.ts';
import { observe } from './observed.ts';

const QUOTA = 'pods "x" is forbidden: exceeded quota: q';
const quotaFor = (kind: string, name: string) => warning('FailedCreate', QUOTA, { kind, name });

/** The last event; once it is recorded, all earlier ones are too. */
const LAST = warning('Last', 'the last one', { kind: 'Deployment', name: 'web' });

async function observeEvents(...options: Parameters<typeof observe>) {
  const observed = await observe(...options);
  const { server, observer, recorded } = observed;
  /** All recorded events except the last one. Rejects with the error that ends the trial. */
  const taken = async () => {
    const message = `version ${server.store.version}`;
    server.store.put({ ...LAST, message });
    const last = recorded('the last event', ({ events }) => events.some((event) => event.message === message));
    const look = () => observer.wake();
    server.on('step', look);
    await last.finally(() => server.off('step', look));
    return observer.record().events.filter(({ type }) => type !== 'Last');
  };
  return { ...observed, taken };
}

describe('rejected pods', () => {
  const ours: [what: string, workload: Shape['kind'], kind: string, name: string][] = [
    ['of one of its ReplicaSets', 'Deployment', 'ReplicaSet', 'web-5d4f8c7b9x'],
    ['of the StatefulSet itself', 'StatefulSet', 'StatefulSet', 'web'],
    ['of the DaemonSet itself', 'DaemonSet', 'DaemonSet', 'web'],
  ];
  for (const [what, workload = 'Deployment', kind, name] of ours) {
    test(`${what}, end the trial`, async (t) => {
      const { server, taken } = await observeEvents(t, { shape: { kind: workload } });
      server.store.put(quotaFor(kind, name));
      await assert.rejects(taken(), /^EnvironmentError: test: the cluster rejects the pods: pods "x" is forbidden/);
    });
  }

  const others: [what: string, kind: string, name: string][] = [
    ['of a Deployment whose name begins with the same word', 'ReplicaSet', 'web-api-5d4f8c7b9x'],
    ['of another Deployment', 'ReplicaSet', 'shop-5d4f8c7b9x'],
    ['of a Job', 'Job', 'web'],
    ['of a DaemonSet of that name', 'DaemonSet', 'web'],
    ['of a StatefulSet of that name', 'StatefulSet', 'web'],
  ];
  for (const [what, kind, name] of others) {
    test(`${what}, are ignored`, async (t) => {
      const { server, taken } = await observeEvents(t);
      server.store.put(quotaFor(kind, name));
      assert.deepEqual(await taken(), []);
    });
  }

  test('do not end the trial if rejected before it, but do if rejected again during it', async (t) => {
    const old = quotaFor('ReplicaSet', 'web-5d4f8c7b9x');
    const { server, taken } = await observeEvents(t, { before: ({ store }) => store.put(old) });
    assert.deepEqual(await taken(), []);
    server.store.put({ ...old, count: 2 });
    await assert.rejects(taken(), /the cluster rejects the pods/);
  });
});

test("a failed preStop hook is recorded with its pod's uid; those of other pods are not recorded", async (t) => {
  const { server, taken, recorded } = await observeEvents(t, {
    before: ({ store }) => store.put(readyPod('web-0', { uid: 'u1' })),
  });
  server.store.remove('Pod', 'ns', 'web-0');
  server.store.put(podObject('web-0', { uid: 'u2' }));
  await recorded('both pods', ({ pods }) => pods.length === 2); // the two watches are two connections
  const failed = (name: string, uid: string) =>
    warning('FailedPreStopHook', 'PreStopHook failed', { kind: 'Pod', name, uid });
  server.store.put(failed('web-0', 'u1'));
  server.store.put(failed('web-0', 'u2'));
  server.store.put(failed('shop-0', 'u3'));
  const events = (await taken()).filter(({ type }) => type === 'FailedPreStopHook');
  assert.deepEqual(
    events.map(({ pod, message }) => ({ pod, message })),
    [
      { pod: { uid: 'u1', name: 'web-0' }, message: 'PreStopHook failed' },
      { pod: { uid: 'u2', name: 'web-0' }, message: 'PreStopHook failed' },
    ],
  );
});

test('events without an object, or with null fields, are ignored', async (t) => {
  const { server, taken } = await observeEvents(t);
  for (const involvedObject of [undefined, null, {}, { kind: null, name: null }]) {
    server.store.put({ ...warning('FailedCreate', QUOTA, { kind: 'Pod', name: 'x' }), involvedObject });
  }
  server.store.put({ ...quotaFor('Job', 'other'), message: null, reason: null });
  assert.deepEqual(await taken(), []);
});

/** A server with this many serving pods of `web`. */
const serving =
  (replicas: number, deployments: ScriptedDeployment[] = []) =>
  (server: ApiServer) => {
    const deployment = new ScriptedDeployment(server, { byHand: true });
    deployment.deploy(replicas);
    while (deployment.step());
    deployments.push(deployment);
  };

/** Every old pod is gone, and the new ones serve. */
function rolledOut(observer: Observer, replicas: number): boolean {
  const old = observer.record().pods.filter(({ generation }) => generation === 'old');
  return old.every(({ goneMs }) => goneMs !== undefined) && observer.pods.serving(replicas);
}

describe('a rollout', () => {
  test('is complete when every old pod is gone and the new ones receive traffic', async (t) => {
    const deployments: ScriptedDeployment[] = [];
    const { observer, ending } = await observe(t, { before: serving(2, deployments), shape: { replicas: 2 } });
    assert.ok(observer.pods.serving(2));
    observer.beginRollout();
    deployments[0]?.roll();
    const rolled = observer.until('roll', 2, ending.signal, () => rolledOut(observer, 2));
    while (deployments[0]?.step());
    await rolled;
    const { pods, routerViews, listenersSeen } = observer.record();
    assert.deepEqual(
      pods.map(({ generation, deletionMs, goneMs }) => [generation, deletionMs !== undefined, goneMs !== undefined]),
      [
        ['old', true, true],
        ['old', true, true],
        ['new', false, false],
        ['new', false, false],
      ],
    );
    assert.deepEqual(
      routerViews.map(({ pods }) => pods.length),
      [2, 3, 2, 3, 2],
    );
    assert.equal(listenersSeen, false, 'nobody asked the app');
  });

  test('is complete even if the watches missed everything (410 Gone)', async (t) => {
    const deployments: ScriptedDeployment[] = [];
    const { server, observer, recorded } = await observe(t, {
      before: serving(1, deployments),
      shape: { kind: 'StatefulSet' },
    });
    observer.beginRollout();
    const later = gate();
    const watches = /(pods|endpointslices)\?.*watch=true/;
    const before = server.requests(watches).length;
    server.fault({ path: watches, times: 2, does: later.does });
    server.watches.end('pods');
    server.watches.end('endpointslices');
    await server.requested(watches, before + 2);
    const [name = ''] = deployments[0]?.pods ?? [];
    server.store.remove('Pod', 'ns', name);
    server.store.put(readyPod(name, { uid: 'second' }));
    server.store.put(sliceObject([{ uid: 'second' }]));
    server.store.forget();
    later.open();
    await recorded('the rollout', () => rolledOut(observer, 1));
    const { pods, events } = observer.record();
    assert.deepEqual(
      pods.map((pod) => [pod.uid, pod.generation, pod.goneMs !== undefined, pod.deletionMs !== undefined]),
      [
        [`${name}-1`, 'old', true, true],
        ['second', 'new', false, false],
      ],
    );
    const gaps = events.filter(({ type }) => type === 'WatchInterrupted');
    assert.ok(gaps.length > 0 && gaps.every(({ message }) => !message.includes('\n')));
  });

  test('does not wait for an evicted pod whose object remains', async (t) => {
    const deployments: ScriptedDeployment[] = [];
    const { server, observer, recorded } = await observe(t, {
      before: serving(2, deployments),
      shape: { replicas: 2 },
    });
    const [evicted = '', other = ''] = deployments[0]?.pods ?? [];
    observer.beginRollout();
    const status = { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.\nBye.' };
    server.store.change('Pod', 'ns', evicted, { status: { ...status, conditions: [], containerStatuses: [] } });
    server.store.put(readyPod('web-n1', { uid: 'n1' }));
    server.store.put(readyPod('web-n2', { uid: 'n2' }));
    server.store.remove('Pod', 'ns', other);
    server.store.put(sliceObject([{ uid: 'n1' }, { uid: 'n2' }]));
    await recorded('the rollout', () => rolledOut(observer, 2));
    server.store.change('Pod', 'ns', evicted, { metadata: { labels: { more: 'labels' } } });
    server.store.change('Pod', 'ns', evicted, { metadata: { deletionTimestamp: wholeSeconds() } });
    server.store.put(readyPod('web-n3', { uid: 'n3' }));
    await recorded('a later pod', ({ pods }) => pods.some(({ uid }) => uid === 'n3'));
    const { pods, events } = observer.record();
    const [first] = pods;
    assert.ok((first?.goneMs ?? Number.NaN) < (first?.deletionMs ?? Number.NaN), 'it was deleted later');
    assert.ok(rolledOut(observer, 3) === false && observer.pods.replacedSome);
    assert.deepEqual(
      events.filter(({ type }) => type === 'Evicted').map(({ message, pod }) => [pod?.name, message]),
      [[evicted, 'the pod has failed: The node was low on resource: memory. Bye.']],
    );
  });

  test('the deletion of a force-deleted pod has the time when it was gone', async (t) => {
    const deployments: ScriptedDeployment[] = [];
    const { server, observer, recorded } = await observe(t, { before: serving(1, deployments) });
    observer.beginRollout();
    assert.equal(observer.pods.replacing, false);
    server.store.remove('Pod', 'ns', deployments[0]?.pods[0] ?? '');
    await recorded('its end', ({ pods }) => pods[0]?.goneMs !== undefined);
    const [pod] = observer.record().pods;
    assert.equal(pod?.deletionMs, pod?.goneMs);
    assert.ok(observer.pods.replacing && observer.pods.replacedSome);
  });

  test('a pod that is deleted before it is ready has a deletion and an end, but no time of readiness', async (t) => {
    const { server, observer, recorded } = await observe(t, { before: serving(1) });
    observer.beginRollout();
    server.store.put(podObject('early', { uid: 'early' }));
    server.store.put(podObject('early', { deletedAt: wholeSeconds() }));
    server.store.remove('Pod', 'ns', 'early');
    await recorded('its end', ({ pods }) => pods.some(({ uid, goneMs }) => uid === 'early' && goneMs !== undefined));
    const pod = observer.record().pods.find(({ uid }) => uid === 'early');
    assert.deepEqual([pod?.readyMs, pod?.notReadyMs, pod?.generation], [undefined, undefined, 'new']);
    assert.deepEqual(pod?.containers[0]?.runs, []);
  });

  test('other pods in the namespace, and those that had failed before, are ignored', async (t) => {
    const { server, observer, recorded } = await observe(t, {
      before: (server) => {
        serving(1)(server);
        server.store.put(podObject('done', { uid: 'done', phase: 'Failed' }));
        server.store.put(readyPod('other', { uid: 'other', labels: { app: 'other' } }));
      },
    });
    assert.ok(observer.pods.serving(1));
    server.store.put(sliceObject([{ uid: 'other' }], 'ns', 'other'));
    server.store.put(podObject('new', { uid: 'new' }));
    await recorded('the new pod', ({ pods }) => pods.length === 2);
    assert.equal(observer.record().routerViews.length, 1);
    server.store.remove('EndpointSlice', 'ns', 'web-x');
    await recorded('no endpoints', ({ routerViews }) => routerViews.at(-1)?.pods.length === 0);
  });
});

describe('a permanent problem ends the wait immediately', () => {
  const pulls = { reason: 'ErrImagePull', message: 'not found' };

  test('before the rollout', async (t) => {
    const { server, recorded } = await observe(t);
    server.store.put(podObject('web-1', { waiting: pulls }));
    await assert.rejects(
      recorded('a pod', () => false),
      /^EnvironmentError: test: the image web:1 of pod web-1 cannot be pulled \(ErrImagePull\): not found$/,
    );
  });

  test('during the rollout it does not, because it is part of the measurement', async (t) => {
    const { server, observer, recorded } = await observe(t, { before: serving(1) });
    observer.beginRollout();
    server.store.put(podObject('web-1', { waiting: { reason: 'CrashLoopBackOff' } }));
    await recorded('the pod', ({ pods }) => pods.length === 2);
  });

  test('so does an internal error', async (t) => {
    const { observer, recorded } = await observe(t);
    observer.fail(new Error('a bug'));
    await assert.rejects(
      recorded('anything', () => false),
      /^Error: a bug$/,
    );
  });
});

describe('pods that do not become ready', () => {
  const shape = { progressDeadlineSeconds: 1, graceSeconds: 0 };

  test('are reported with the last line of their log', async (t) => {
    const { server, recorded } = await observe(t, { shape, readsAppLog: true });
    server.store.put(podObject('web-1', { startedAt: wholeSeconds() }));
    server.log('ns', 'web-1').write('waiting for the database');
    await assert.rejects(
      recorded('become ready', () => false),
      /^EnvironmentError: test: the pods did not become ready: no progress within 1 s \(progressDeadlineSeconds\); pod web-1 is not ready; its last line: waiting for the database$/,
    );
  });

  test('or with the reason why they are not scheduled', async (t) => {
    const { server, recorded } = await observe(t, { shape });
    const pod = podObject('web-1');
    const conditions = [{ type: 'PodScheduled', status: 'False', message: '0/2 nodes are available' }];
    server.store.put({ ...pod, status: { phase: 'Pending', conditions } });
    await assert.rejects(
      recorded('become ready', () => false),
      /no progress within 1 s \(progressDeadlineSeconds\); pod web-1 cannot be scheduled: 0\/2 nodes are available$/,
    );
  });
});

test('a pause ends with the reason of what aborts it', async (t) => {
  const { observer } = await observe(t);
  const aborting = new AbortController();
  const paused = observer.pause(60_000, aborting.signal);
  aborting.abort(new Error('Ctrl-C'));
  await assert.rejects(paused, /^Error: Ctrl-C$/);
  await observer.pause(1, new AbortController().signal);
});
