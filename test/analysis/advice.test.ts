/** Advice from traces told as stories. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Advice, advise } from '../../src/analysis/advice.ts';
import { historyOf } from '../../src/analysis/history.ts';
import { longestRequest, routingLags } from '../../src/analysis/rollout-times.ts';
import type { PodRecord } from '../../src/trace/cluster-record.ts';
import { emptyHistogram, encodeHistogram, recordMs } from '../../src/trace/histogram.ts';
import type { LoadRecord } from '../../src/trace/load-record.ts';
import { DELETED, failed, pod, type Story, succeeded, type Timeline, trace } from './story.ts';

function latency(...durationsMs: number[]): LoadRecord['latency'] {
  const histogram = emptyHistogram();
  for (const ms of durationsMs) recordMs(histogram, ms);
  return { fresh: encodeHistogram(histogram) };
}

/** One old pod deleted at 1000, one new; the last new connection to the old one was started at that time. */
function lagStory(lastMs: number | undefined, pods?: PodRecord[]): Story {
  const load = lastMs === undefined ? {} : { newConnections: { 'old-1': { lastMs } } };
  return { load, ...(pods && { pods }) };
}

describe('the routing lag of a pod', () => {
  const recreated = [pod('old-1', DELETED.ignoredSigterm), pod('new-1', { createdMs: 7000, readyMs: 9000 })];
  const cases: [what: string, story: Story, lagsMs: number[]][] = [
    ['lasts from its deletion to the last new connection', lagStory(1850), [850]],
    ['is 0 where none came after the deletion', lagStory(400), [0]],
    ['is not known where none came at all', lagStory(undefined), []],
    ['is not one where nobody else was there to be sent to', lagStory(5900, recreated), []],
    ['is not one of a pod that was not deleted', lagStory(1850, [pod('old-1'), pod('new-1')]), []],
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

describe('the longest request', () => {
  const longest = (load: Story['load']) => longestRequest([trace({ load: load ?? {} })]);
  test('is one that was answered', () => {
    // Three significant digits, rounded up.
    assert.equal(Math.round((longest({ latency: latency(10, 4000) })?.ms ?? 0) / 10), 400);
    assert.equal(longest({ latency: latency(4000) })?.cut, false);
  });
  test('or one that was cut, which would have taken longer', () => {
    const failures = [failed('fresh wait closed', 1000, 6000)];
    assert.deepEqual(longest({ latency: latency(10), failures }), { ms: 5000, cut: true });
  });
  test('not one that timed out or never connected', () => {
    const failures = [failed('fresh wait timeout', 0, 9000), failed('fresh connect EHOSTUNREACH', 0, 3000)];
    assert.equal(Math.round(longest({ latency: latency(10), failures })?.ms ?? 0), 10);
  });
  test('is not known of nothing', () => assert.equal(longest({}), null));
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
    ['shorter for a server that goes on accepting', 2600, { ...DELETED.drained, sigtermMs: 6000 }, 2],
    ['not shorter for a server that ignores SIGTERM', 2600, DELETED.ignoredSigterm, 4],
  ];
  for (const [what, lastMs, old, neededSeconds] of preStops) {
    test(`asks for a preStop ${what}`, () => {
      assert.equal(advise([story(lastMs, old)]).preStop?.neededSeconds, neededSeconds);
    });
  }

  test('adds the grace period up', () => {
    const { gracePeriod } = advise([story(1200, DELETED.drainedWithoutDelay)]);
    assert.ok(gracePeriod);
    const { longestRequestMs, ...rest } = gracePeriod;
    assert.equal(Math.round(longestRequestMs / 10), 400);
    assert.deepEqual(rest, { nowSeconds: 5, neededSeconds: 9, preStopMs: 2000, drainMs: 2, marginMs: 2000 });
  });

  test('says which change removes which share, and what it does not know', () => {
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

  test('tells what the server did with SIGTERM', () => {
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
      drained: 1,
      killed: 1,
      ignored: 0,
      diedOfSignal: 0,
      deathSignals: [],
      exitedAtOnce: 0,
      gaveUp: null,
      cutAlive: 0,
      exitedMs: null,
      acceptsAfterSigtermMs: 500,
      turnedAway: null,
      idleConnections: { broken: 0, answeredAfterStop: 0 },
      inFlight: { broken: 1 },
      late: { answered: 7, broken: 1 },
    });
  });

  test('of a control alone is empty', () => {
    const advice = advise([trace({ rolloutMs: undefined })]);
    assert.deepEqual([advice.server.pods, advice.routing, advice.changes], [0, null, []]);
  });
});
