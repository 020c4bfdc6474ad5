/** Rollouts of the local cluster with real processes: order, numbers and times, as in Kubernetes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PodTimeline } from '../../src/analysis/pod-timeline.ts';
import { canBePid1 } from '../../src/processes/container-process.ts';
import { manifests, PROMPT, type Shape, serverCommand } from './manifests.ts';
import { deploy, peak, podsOf, rollOut } from './rollout.ts';

const ms = (value: number | undefined): number => {
  assert.ok(value !== undefined, 'a time is missing in the trace');
  return value;
};

describe('RollingUpdate', { concurrency: 4 }, () => {
  const cases = [
    { name: 'maxSurge 1, maxUnavailable 0', strategy: { maxSurge: 1, maxUnavailable: 0 }, most: 4, fewest: 3 },
    { name: 'maxSurge 0, maxUnavailable 1', strategy: { maxSurge: 0, maxUnavailable: 1 }, most: 3, fewest: 2 },
    { name: 'maxSurge 100 %', strategy: { maxSurge: '100%', maxUnavailable: 0 }, most: 6, fewest: 3 },
  ];
  for (const { name, strategy, most, fewest } of cases) {
    test(`${name}: at most ${most} pods, at least ${fewest} ready`, async (t) => {
      const shape = { replicas: 3, strategy: `{ rollingUpdate: ${JSON.stringify(strategy)} }` };
      const record = await rollOut(t, manifests(shape), serverCommand(PROMPT));
      const pods = [...podsOf(record, 'old'), ...podsOf(record, 'new')];
      assert.equal(pods.length, 6);
      const notTerminating = peak(
        pods,
        (p) => p.createdMs,
        (p) => p.deletionMs ?? Number.POSITIVE_INFINITY,
      );
      assert.equal(notTerminating, most);
      for (const { deletionMs } of podsOf(record, 'old')) {
        const left = pods.filter(
          (p) => ms(p.readyMs) <= ms(deletionMs) && !(ms(deletionMs) >= (p.deletionMs ?? Number.POSITIVE_INFINITY)),
        );
        assert.ok(left.length >= fewest, `${left.length} ready pods remained at ${deletionMs}`);
      }
    });
  }

  test('a default rollout of one replica makes the new pod ready before it deletes the old one', async (t) => {
    const record = await rollOut(t, manifests(), serverCommand(PROMPT));
    const [old, fresh] = [podsOf(record, 'old')[0], podsOf(record, 'new')[0]] as [PodTimeline, PodTimeline];
    assert.ok(ms(fresh.readyMs) <= ms(old.deletionMs));
  });

  test('minReadySeconds delays the next deletion', async (t) => {
    const record = await rollOut(t, manifests({ minReadySeconds: 2 }), serverCommand(PROMPT));
    const [old, fresh] = [podsOf(record, 'old')[0], podsOf(record, 'new')[0]] as [PodTimeline, PodTimeline];
    assert.ok(ms(old.deletionMs) - ms(fresh.readyMs) >= 2000);
  });
});

test('Recreate creates no new pod before the last old one is gone', async (t) => {
  const shape = { replicas: 2, strategy: '{ type: Recreate }' };
  const record = await rollOut(t, manifests(shape), serverCommand('setTimeout(() => process.exit(0), 700)'));
  const lastExit = Math.max(...podsOf(record, 'old').map((pod) => ms(pod.exitMs)));
  for (const pod of podsOf(record, 'new')) assert.ok(pod.createdMs >= lastExit);
});

describe('a StatefulSet', { concurrency: 2 }, () => {
  test('replaces one pod at a time, the highest ordinal first, by one of the same name', async (t) => {
    const record = await rollOut(t, manifests({ kind: 'StatefulSet', replicas: 3 }), serverCommand(PROMPT));
    assert.deepEqual(
      podsOf(record, 'new').map(({ name }) => name),
      ['web-2', 'web-1', 'web-0'],
    );
    assert.equal(new Set(record.pods.map(({ uid }) => uid)).size, 6);
    let readyMs = 0;
    for (const fresh of podsOf(record, 'new')) {
      const old = record.pods.find(({ name, generation }) => name === fresh.name && generation === 'old');
      assert.ok(ms(old?.deletionMs) >= readyMs, `${fresh.name} was deleted before the previous replacement was ready`);
      assert.ok(
        fresh.createdMs >= (old?.goneMs ?? Number.POSITIVE_INFINITY),
        `there were two pods ${fresh.name} at a time`,
      );
      readyMs = ms(fresh.readyMs);
    }
  });

  test('behind a headless Service: DNS returns no terminating pod, not even the only one', async (t) => {
    const shape: Shape = { kind: 'StatefulSet', headless: true, preStop: '{ sleep: { seconds: 1 } }' };
    const record = await rollOut(t, manifests(shape), serverCommand(PROMPT));
    const [old] = podsOf(record, 'old');
    assert.ok(record.routerViews.every(({ router }) => router === 'dns'));
    const named = record.routerViews.filter(({ pods }, i, all) => pods.join() !== all[i - 1]?.pods.join());
    assert.deepEqual(
      named.map(({ pods }) => pods.length),
      [1, 0, 1],
    );
    const gone = named[1];
    assert.ok(ms(gone?.atMs) >= ms(old?.deletionMs) && ms(gone?.atMs) < ms(old?.sigtermMs));
  });
});

describe('termination', { concurrency: 5 }, () => {
  const oldPod = async (t: Parameters<typeof rollOut>[0], shape: object, onSigterm?: string) => {
    const record = await rollOut(t, manifests(shape), serverCommand(onSigterm));
    const log = record.pods.flatMap(({ containers }) => containers.flatMap(({ log = [] }) => log));
    return { pod: podsOf(record, 'old')[0] as PodTimeline, log, events: record.events };
  };

  test('without preStop, SIGTERM is sent at the deletion', async (t) => {
    const { pod } = await oldPod(t, {}, PROMPT);
    assert.ok(ms(pod.sigtermMs) - ms(pod.deletionMs) < 200);
    assert.equal(pod.exitCode, 0);
    assert.equal(pod.sigkillMs, undefined);
  });

  test('a preStop sleep comes before SIGTERM', async (t) => {
    const { pod } = await oldPod(t, { preStop: '{ sleep: { seconds: 2 } }' }, PROMPT);
    assert.ok(ms(pod.sigtermMs) - ms(pod.deletionMs) >= 1995);
  });

  test('an httpGet preStop reaches the container before SIGTERM', async (t) => {
    const { log, events } = await oldPod(t, { preStop: '{ httpGet: { path: /hook, port: http } }' }, PROMPT);
    assert.ok(log.some((line) => line.includes('"hook"')));
    assert.ok(!events.some((event) => event.type === 'FailedPreStopHook'));
  });

  test('an exec preStop that fails is reported, and SIGTERM is sent anyway', async (t) => {
    const { pod, events } = await oldPod(t, { preStop: '{ exec: { command: [sh, -c, "exit 3"] } }' }, PROMPT);
    assert.deepEqual([pod.hook?.outcome, pod.hook?.exitCode], ['failed', 3]);
    assert.match(events.find((event) => event.type === 'FailedPreStopHook')?.message ?? '', /exit code 3/);
    assert.equal(pod.exitCode, 0);
  });

  test('an exec preStop that does not finish is cut off at the end of the grace period', async (t) => {
    const shape = { graceSeconds: 2, preStop: '{ exec: { command: [sleep, "60"] } }' };
    const { pod } = await oldPod(t, shape, PROMPT);
    assert.equal(pod.hook?.outcome, 'outlasted-grace');
    const beforeSigterm = ms(pod.sigtermMs) - ms(pod.deletionMs);
    assert.ok(beforeSigterm >= 1995 && beforeSigterm < 3000, `SIGTERM after ${beforeSigterm} ms`);
  });

  test('preStop counts against the grace period: SIGKILL is sent at its end', async (t) => {
    const { pod } = await oldPod(t, { graceSeconds: 4, preStop: '{ sleep: { seconds: 1 } }' }, '');
    const untilKill = ms(pod.sigkillMs) - ms(pod.deletionMs);
    assert.ok(untilKill >= 3990 && untilKill < 4500, `SIGKILL after ${untilKill} ms`);
    assert.equal(pod.exitSignal, 'SIGKILL');
  });

  test('a preStop that uses up the grace period leaves 2 s after SIGTERM', async (t) => {
    const { pod } = await oldPod(t, { graceSeconds: 2, preStop: '{ sleep: { seconds: 2 } }' }, '');
    const left = ms(pod.sigkillMs) - ms(pod.sigtermMs);
    assert.ok(left >= 1990 && left < 2500, `SIGKILL ${left} ms after SIGTERM`);
  });

  test('PID 1 without a handler ignores SIGTERM', {
    skip: canBePid1() ? false : 'processes cannot be PID 1 here',
  }, async (t) => {
    const { pod } = await oldPod(t, { graceSeconds: 3 });
    assert.equal(pod.exitSignal, 'SIGKILL');
    assert.ok(ms(pod.exitMs) - ms(pod.sigtermMs) >= 2990);
  });
});

describe('the progress deadline', { concurrency: 4 }, () => {
  const table: [what: string, shape: Shape][] = [
    ['does not count the end of old pods', { preStop: '{ sleep: { seconds: 4 } }' }],
    [
      'restarts with each pod that is replaced',
      {
        replicas: 2,
        minReadySeconds: 2,
        graceSeconds: 1,
      },
    ],
    [
      'does not run while Recreate waits for pods to end',
      { strategy: '{ type: Recreate }', preStop: '{ sleep: { seconds: 4 } }' },
    ],
  ];
  for (const [what, shape] of table) {
    test(what, async (t) => {
      const deployed = await deploy(
        t,
        manifests({ progressDeadlineSeconds: 3, graceSeconds: 5, ...shape }),
        serverCommand(),
      );
      const startedMs = performance.now();
      await deployed.disrupt();
      assert.ok(performance.now() - startedMs > 3000, 'the whole rollout takes longer than the deadline');
    });
  }

  test('of 2147483647 s does not exist', async (t) => {
    const deployed = await deploy(
      t,
      manifests({ progressDeadlineSeconds: 2_147_483_647, graceSeconds: 1 }),
      serverCommand(),
    );
    await deployed.disrupt();
  });
});

describe('failures', { concurrency: 4 }, () => {
  const failure = (t: Parameters<typeof deploy>[0], shape: object, command: string[]) =>
    deploy(t, manifests(shape), command).then(
      () => assert.fail('the deployment should have failed'),
      (error: Error) => error.message,
    );

  test('a container that keeps exiting is reported with its error', async (t) => {
    const message = await failure(t, {}, [process.execPath, '-e', 'console.log("no database"); process.exit(1)']);
    assert.match(message, /^test: pod web-old-1 fails to start: container web exited \(1\): no database$/);
  });

  test('pods that never become ready fail after progressDeadlineSeconds', async (t) => {
    const neverReady = { progressDeadlineSeconds: 3, readiness: '{ tcpSocket: { port: 8080 }, periodSeconds: 1 }' };
    const message = await failure(t, neverReady, [
      process.execPath,
      '-e',
      'console.log("up"); setInterval(() => {}, 1000)',
    ]);
    assert.match(
      message,
      /did not become ready: no progress within 3 s \(progressDeadlineSeconds\); pod web-old-1 is not ready/,
    );
  });

  test('a missing command is an error', async (t) => {
    assert.match(await failure(t, {}, ['/no/such/program']), /fails to start|cannot start/);
  });

  test('a manifest that the API server would reject is rejected in its words', async (t) => {
    const shape = { graceSeconds: 5, preStop: '{ sleep: { seconds: 6 } }' };
    assert.match(
      await failure(t, shape, serverCommand()),
      /must be non-negative and less than terminationGracePeriodSeconds \(5\)$/,
    );
  });
});

test('a container that exits is restarted, and remove() does not wait for a later back-off', async (t) => {
  const deployed = await deploy(t, manifests(), serverCommand());
  await assert.rejects(fetch(new URL('/crash', deployed.target.url)));
  const restarted = async (): Promise<string> => {
    const response = await fetch(deployed.target.url).catch(() => undefined);
    return response ? response.text() : restarted();
  };
  assert.equal(await restarted(), 'web-old-1');
  assert.ok(deployed.record().events.some((event) => event.type === 'BackOff'));
});

test('remove() leaves no process and no port', async (t) => {
  const deployed = await deploy(t, manifests({ replicas: 2 }), serverCommand());
  const { target } = deployed;
  assert.ok(target.kind === 'routes');
  const addresses = target
    .current()
    .routers.flatMap((router) => router.endpoints.map(({ host, port }) => `http://${host}:${port}`));
  await deployed.remove();
  for (const url of [target.url, ...addresses]) await assert.rejects(fetch(url), `${url} still responds`);
  assert.ok(podsOf(deployed.record(), 'old').every((pod) => pod.exitMs !== undefined));
  assert.equal(deployed.record().pods.length, 2);
});
