/** Advice derived from made-up traces. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Advice, advise } from '../../src/analysis/advice.ts';
import { historyOf } from '../../src/analysis/history.ts';
import { longestRequest, routingLags } from '../../src/analysis/rollout-times.ts';
import type { GatewayRecord, PodRecord } from '../../src/trace/cluster-record.ts';
import { emptyHistogram, encodeHistogram, recordMs } from '../../src/trace/histogram.ts';
import type { LoadRecord } from '../../src/trace/load-record.ts';
import { DELETED, failed, pod, type Story, succeeded, type Timeline, trace, view } from './story.ts';

function latency(...durationsMs: number[]): LoadRecord['latency'] {
  const histogram = emptyHistogram();
  for (const ms of durationsMs) recordMs(histogram, ms);
  return { fresh: encodeHistogram(histogram) };
}

/** One old pod deleted at 1000 and one new pod. The last new connection to the old pod was opened at that time. */
function lagStory(lastMs: number | undefined, pods?: PodRecord[]): Story {
  const load = lastMs === undefined ? {} : { newConnections: { 'old-1': { lastMs } } };
  return { load, ...(pods && { pods }) };
}

describe('the routing lag of a pod', () => {
  const recreated = [pod('old-1', DELETED.ignoredSigterm), pod('new-1', { createdMs: 7000, readyMs: 9000 })];
  const cases: [what: string, story: Story, lagsMs: number[]][] = [
    ['lasts from its deletion to the last new connection', lagStory(1850), [850]],
    ['is 0 if none came after the deletion', lagStory(400), [0]],
    ['is unknown if none came at all', lagStory(undefined), []],
    ['is not counted if no other pod was available', lagStory(5900, recreated), []],
    [
      'lasts to the last one that failed, if nobody saw its pod and only this one can have been chosen',
      {
        pods: [pod('old-1', DELETED.exitedAtOnce), pod('new-1')],
        routerViews: ['EndpointSlice 0: old-1 new-1', 'EndpointSlice 1100: new-1'].map(view),
        load: { failures: [failed('fresh connect ECONNREFUSED', 1450, 1451)] },
      },
      [450],
    ],
    ['is not counted for a pod that was not deleted', lagStory(1850, [pod('old-1'), pod('new-1')]), []],
  ];
  for (const [what, story, lagsMs] of cases) {
    test(what, () => {
      assert.deepEqual(
        routingLags(historyOf(trace(story))).map(({ lagMs }) => lagMs),
        lagsMs,
      );
    });
  }
});

describe("a gateway's routing lag", () => {
  const GATEWAY: GatewayRecord = { name: 'traefik', version: '3.7.15', upstream: 'pods' };
  const OLD = { pod: 'old-1', router: 'traefik' };
  const pods = [pod('old-1', DELETED.exitedAtOnce), pod('new-1')];
  const refusedAt = (atMs: number) => failed('fresh connect ECONNREFUSED', atMs, atMs + 1, OLD);
  /** HAProxy tries the pod that it has chosen again a second later, and again. */
  const triedAgain = (atMs: number) => {
    const { attempts, ...request } = refusedAt(atMs);
    const later = [0, 1000, 2000].map((ms) => ({ ...attempts[0], startedMs: atMs + ms })) as typeof attempts;
    return { ...request, attempts: later };
  };
  const views = (...texts: string[]) => texts.map(view);
  const cases: [what: string, story: Story & { gateway?: GatewayRecord }, lagsMs: number[]][] = [
    [
      'lasts to the last request for which it chose the pod',
      { load: { failures: [refusedAt(1100), refusedAt(2900)] } },
      [1900],
    ],
    [
      'lasts to the last that it hid by a retry',
      { load: { retried: [{ id: 'r-1', method: 'GET', startedMs: 2000, attempts: refusedAt(2000).attempts }] } },
      [1000],
    ],
    [
      'lasts until it used a list without the pod',
      { routerViews: views('traefik 0: old-1 new-1', 'traefik 3100: new-1') },
      [2100],
    ],
    ['leaves out further attempts at the pod that it had chosen', { load: { failures: [triedAgain(1100)] } }, [100]],
    [
      'is not known if it sends to the address of the Service',
      {
        gateway: { ...GATEWAY, upstream: 'service' },
        load: { failures: [failed('fresh connect ECONNREFUSED', 1100, 1101, { ...OLD, router: 'node1' })] },
      },
      [],
    ],
  ];
  for (const [what, { gateway = GATEWAY, ...story }, lagsMs] of cases) {
    test(what, () => {
      const made = trace({ pods, ...story });
      const lags = routingLags(historyOf({ ...made, cluster: { ...made.cluster, gateway } }));
      assert.deepEqual(
        lags.map(({ lagMs }) => lagMs),
        lagsMs,
      );
    });
  }

  test('is what the preStop hook has to cover', () => {
    const made = trace({ pods, load: { failures: [refusedAt(2900)], newConnections: { 'old-1': { lastMs: 900 } } } });
    const { routing, preStop } = advise([{ ...made, cluster: { ...made.cluster, gateway: GATEWAY } }]);
    assert.deepEqual([routing?.longestMs, routing?.gateway, preStop?.neededSeconds], [1900, true, 4]);
  });
});

describe('the longest request', () => {
  const longest = (load: Story['load']) => longestRequest([trace({ load: load ?? {} })]);
  test('may have been answered', () => {
    // Three significant digits, rounded up.
    assert.equal(Math.round((longest({ latency: latency(10, 4000) })?.ms ?? 0) / 10), 400);
    assert.equal(longest({ latency: latency(4000) })?.cut, false);
  });
  test('may have been cut, and would have taken longer', () => {
    const failures = [failed('fresh wait closed', 1000, 6000)];
    assert.deepEqual(longest({ latency: latency(10), failures }), { ms: 5000, cut: true });
  });
  test('did not time out or fail to connect', () => {
    const failures = [failed('fresh wait timeout', 0, 9000), failed('fresh connect EHOSTUNREACH', 0, 3000)];
    assert.equal(Math.round(longest({ latency: latency(10), failures })?.ms ?? 0), 10);
  });
  test('is unknown without requests', () => assert.equal(longest({}), null));
});

describe('advice', () => {
  const settings = {
    workload: 'Deployment',
    replicas: 1,
    strategy: 'RollingUpdate',
    maxSurge: 1,
    maxUnavailable: 0,
    gracePeriodMs: 5000,
    readinessProbe: true,
  } as const;
  const story = (lastMs: number, old: Timeline, load: Story['load'] = {}) => ({
    ...trace({
      pods: [pod('old-1', old), pod('new-1')],
      load: { latency: latency(4000), newConnections: { 'old-1': { lastMs } }, ...load },
    }),
    settings,
  });

  const preStops: [what: string, lastMs: number, old: Timeline, neededSeconds: number][] = [
    ['one sync of kube-proxy longer than a short lag', 1200, DELETED.drainedWithoutDelay, 2],
    ['twice as long as a long lag', 2600, DELETED.drainedWithoutDelay, 4],
    ['shorter for a server that keeps accepting', 2600, { ...DELETED.drained, sigtermMs: 6000 }, 2],
    ['not shorter for a server that ignores SIGTERM', 2600, DELETED.ignoredSigterm, 4],
  ];
  for (const [what, lastMs, old, neededSeconds] of preStops) {
    test(`asks for a preStop ${what}`, () => {
      assert.equal(advise([story(lastMs, old)]).preStop?.neededSeconds, neededSeconds);
    });
  }

  test('adds up the grace period', () => {
    const { gracePeriod } = advise([story(1200, DELETED.drainedWithoutDelay)]);
    assert.ok(gracePeriod);
    const { longestRequestMs, ...rest } = gracePeriod;
    assert.equal(Math.round(longestRequestMs / 10), 400);
    assert.deepEqual(rest, {
      nowSeconds: 5,
      neededSeconds: 9,
      preStopMs: 2000,
      drainMs: 2,
      exitMs: 1000,
      marginMs: 2000,
    });
  });

  test('includes in the grace period what a server does after its last request', () => {
    const { gracePeriod } = advise([story(1200, { ...DELETED.drainedWithoutDelay, exitMs: 9000 })]);
    assert.deepEqual([gracePeriod?.exitMs, gracePeriod?.neededSeconds], [8000, 12]);
  });

  test('counts how long a server that exits as it closes was seen to accept', () => {
    const old = { ...DELETED.exitedAtOnce, exitMs: 5000 };
    const load = (lastAnsweredMs: number) => ({ newConnections: { 'old-1': { lastMs: 2000, lastAnsweredMs } } });
    const accepts = (lastAnsweredMs: number) => advise([story(2000, old, load(lastAnsweredMs))]);
    assert.deepEqual([accepts(2000).server.acceptsAfterSigtermMs, accepts(2000).preStop?.neededSeconds], [4000, 0]);
    assert.deepEqual([accepts(1200).server.acceptsAfterSigtermMs, accepts(1200).preStop?.neededSeconds], [null, 2]);
  });

  const errors: [what: string, startedMs: number, endedMs: number, change: string, gaveUpMs: number | undefined][] = [
    ['that was in flight and got an error later: the deadline of the server', 500, 2100, 'own-deadline', 1100],
    ['that was in flight and got an error at once: an answer', 500, 1010, 'answer-while-draining', undefined],
    ['that was sent just before SIGTERM', 990, 1010, 'answer-while-draining', undefined],
    ['that was sent later', 1500, 1510, 'answer-while-draining', undefined],
  ];
  for (const [what, startedMs, endedMs, change, gaveUpMs] of errors) {
    test(`names the change for a request ${what}`, () => {
      const failures = [failed('reused receive status', startedMs, endedMs, { pod: 'old-1', status: 500 })];
      const { changes, server } = advise([story(1200, { ...DELETED.exitedAtOnce, exitMs: 4000 }, { failures })]);
      assert.deepEqual([changes.map((found) => found.change), server.gaveUp?.afterMs], [[change], gaveUpMs]);
    });
  }

  test('shortens a hook that outlasted the grace period instead of lengthening the grace period', () => {
    const hook = {
      kind: 'exec',
      what: 'sleep 20',
      startedMs: 1000,
      endedMs: 4000,
      outcome: 'outlasted-grace',
    } as const;
    const old = { ...DELETED.killedWhileDraining, hook };
    const failures = [failed('reused wait closed', 900, 6002, { pod: 'old-1' })];
    const { changes } = advise([story(1200, old, { failures })]);
    assert.deepEqual(
      changes.map(({ cause, change }) => [cause, change]),
      [['grace-too-short', 'shorter-hook']],
    );
  });

  test('blames the keep-alive timeout if pods that are not terminating close idle connections', () => {
    const failures = [failed('reused wait closed', 3000, 3001, { pod: 'new-1' })];
    const { changes } = advise([
      story(1200, DELETED.drainedWithoutDelay, { failures, successes: [succeeded(20, 1, 'new-1')] }),
    ]);
    assert.deepEqual(
      changes.map(({ cause, change }) => [cause, change]),
      [['keep-alive-race', 'keep-alive-timeout']],
    );
  });

  test('recognises that a server killed by SIGKILL listened until the end', () => {
    const { server } = advise([story(1200, { ...DELETED.ignoredSigterm, stoppedListeningMs: 6002 })]);
    assert.equal(server.endless, 1);
  });

  test('says what share each change removes, and what is unknown', () => {
    const failures = [
      failed('fresh connect ECONNREFUSED', 1500, 1501, { pod: 'old-1' }),
      failed('fresh connect ECONNREFUSED', 1600, 1601, { pod: 'old-1' }),
      failed('reused wait closed', 1001, 1002, { pod: 'old-1' }),
      failed('fresh wait timeout', 1001, 1500),
    ];
    const advice = advise([story(1200, DELETED.drainedWithoutDelay, { failures, newConnections: {} })]);
    assert.deepEqual(
      advice.changes.map(({ change, removes, share }) => [change, removes, share]),
      [
        ['pre-stop', 2, 0.5],
        ['connection-close', 1, 0.25],
      ],
    );
    assert.deepEqual([advice.routing, advice.preStop], [null, null]);
    assert.equal(advice.gracePeriod?.preStopMs, 0);
    Advice.parse(JSON.parse(JSON.stringify(advice)));
  });

  test('says what the server did on SIGTERM', () => {
    const failures = [
      failed('fresh wait closed', 900, 6000, { pod: 'old-1' }),
      failed('fresh connect ECONNREFUSED', 3000, 3001, { pod: 'old-1' }),
    ];
    const successes = [succeeded(9, 100), succeeded(10, 50), succeeded(15, 7), succeeded(20, 3, 'new-1')];
    const { server } = advise([story(1200, DELETED.killedWhileDraining, { failures, successes })]);
    assert.deepEqual(server, {
      pods: 1,
      stopSignal: 'SIGTERM',
      wrapper: null,
      endedByWrapper: 0,
      endedInHook: 0,
      drained: 1,
      killed: 1,
      ignored: 0,
      diedOfSignal: 0,
      deathSignals: [],
      exitedAtOnce: 0,
      gaveUp: null,
      endless: 0,
      cutAlive: 0,
      exitedMs: null,
      acceptsAfterSigtermMs: 500,
      turnedAway: null,
      idleConnections: { broken: 0, answeredAfterStop: 0 },
      inFlight: { broken: 1 },
      unplaced: 0,
      late: { answered: 7, broken: 1 },
    });
  });

  test("does not take the gateway's error for the server's answer, or the wait for the gateway for a request in flight", () => {
    const refused = failed('fresh connect ECONNREFUSED', 1050, 1051, { pod: 'old-1', router: 'nginx' });
    const client = { ...refused.client, phase: 'receive' as const, error: 'status', status: 502 };
    const failures = [{ ...refused, startedMs: 900, endedMs: 1060, client }];
    const { server } = advise([story(1200, DELETED.drainedWithoutDelay, { failures })]);
    assert.equal(server.turnedAway, null);
    assert.equal(server.inFlight.broken, 0);
    assert.equal(server.late.broken, 1);
  });

  const GONE = { deletionMs: 1000, sigtermMs: 1000 };
  const KILLED = { ...GONE, sigkillMs: 6000, exitMs: 6005, exitSignal: 'SIGKILL' };
  const GAVE_UP = { ...GONE, stoppedListeningMs: 1010, exitMs: 4000, exitCode: 0 };
  const OLD = { pod: 'old-1' };
  const shutdowns: [what: string, old: Timeline, load: Partial<LoadRecord>, changes: string[], server: object][] = [
    [
      'a later deadline of its own, for requests in flight at SIGTERM',
      GAVE_UP,
      { failures: [failed('fresh wait closed', 900, 4000, OLD)] },
      ['own-deadline'],
      { gaveUp: { pods: 1, afterMs: 3000 }, inFlight: { broken: 1 } },
    ],
    [
      'a later deadline of its own, for requests that got an error when it was over',
      GAVE_UP,
      { failures: [failed('fresh receive status', 900, 3900, { ...OLD, status: 500 })] },
      ['own-deadline'],
      { gaveUp: { pods: 1, afterMs: 2900 }, inFlight: { broken: 1 } },
    ],
    [
      'other answers, for requests that got an error long before its exit',
      GAVE_UP,
      { failures: [failed('fresh receive status', 900, 1050, { ...OLD, status: 503 })] },
      ['answer-while-draining'],
      { gaveUp: null, turnedAway: { fresh: 0, reused: 0, inFlight: 1, status: 503 } },
    ],
    [
      'no deadline, for requests sent later on a connection that it no longer reads',
      GAVE_UP,
      { failures: [failed('reused wait ECONNRESET', 3700, 4000, OLD)] },
      ['connection-close'],
      { gaveUp: null, inFlight: { broken: 0 } },
    ],
    [
      'no deadline, for requests in the backlog of a server that accepts no more',
      { ...GONE, exitMs: 4000, exitCode: 0 },
      { failures: [failed('fresh wait closed', 1500, 4000, OLD)] },
      ['pre-stop'],
      { gaveUp: null, inFlight: { broken: 0 } },
    ],
    [
      'closed connections, from a server that answers on them until SIGKILL',
      { ...KILLED, stoppedListeningMs: 1010 },
      { failures: [failed('reused wait closed', 5990, 6002, OLD)], successes: [succeeded(55, 9)] },
      ['connection-close'],
      { endless: 1, drained: 1 },
    ],
    [
      'a handler, from a server that ignores SIGTERM',
      KILLED,
      { failures: [failed('reused wait closed', 5990, 6002, OLD)], successes: [succeeded(55, 9)] },
      ['graceful-shutdown'],
      { endless: 1, drained: 0 },
    ],
  ];
  for (const [what, old, load, changes, server] of shutdowns) {
    test(`asks for ${what}`, () => {
      const advice = advise([story(1200, old, load)]);
      assert.deepEqual(
        advice.changes.map(({ change }) => change),
        changes,
      );
      const seen = advice.server as Record<string, unknown>;
      assert.deepEqual(Object.fromEntries(Object.keys(server).map((key) => [key, seen[key]])), server);
    });
  }

  test('ignores the duration of a request that its server never worked on', () => {
    const failures = [failed('fresh wait closed', 1500, 9500, OLD)];
    const { longestRequest: longest } = advise([story(1200, { ...GONE, exitMs: 9500, exitCode: 0 }, { failures })]);
    assert.equal(longest?.cut, false);
  });

  test('is empty for a control alone', () => {
    const advice = advise([trace({ rolloutMs: undefined })]);
    assert.deepEqual([advice.server.pods, advice.routing, advice.changes], [0, null, []]);
  });
});
