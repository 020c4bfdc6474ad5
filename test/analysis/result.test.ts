import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { advise } from '../../src/analysis/advice.ts';
import { countExposed } from '../../src/analysis/exposure.ts';
import { longestOutageMs } from '../../src/analysis/outage.ts';
import { analyse, TrialResult } from '../../src/analysis/result.ts';
import { invalidReasons } from '../../src/analysis/validity.ts';
import { emptyHistogram, encodeHistogram, recordMs } from '../../src/trace/histogram.ts';
import { Trace } from '../../src/trace/trace.ts';
import { DELETED, failed, pod, type Story, succeeded, trace, view } from './story.ts';

const refusedAt = (startedMs: number) =>
  failed('fresh connect ECONNREFUSED', startedMs, startedMs + 1, { pod: 'old-1' });
const histogram = (...durationsMs: number[]) => {
  const recorded = emptyHistogram();
  for (const ms of durationsMs) recordMs(recorded, ms);
  return encodeHistogram(recorded);
};

test('the traces made up for these tests match the format', () => {
  const example = trace({ load: { failures: [refusedAt(8500)] } });
  assert.deepEqual(Trace.parse(example), example);
});

describe('the longest outage', () => {
  /** Starts of failed requests in ms, 100 ms buckets with a success, and the outage in ms; the load stops at 12,000. */
  const table: [what: string, failures: number[], successes: number[], outageMs: number][] = [
    ['nothing failed', [], [0, 1, 2], 0],
    ['a failure among successes', [250], [1, 2, 3], 0],
    ['a failure with no success in its 100 ms', [250], [1, 3], 100],
    ['failures until the next success', [210, 350, 999], [1, 10], 800],
    ['the longest of several', [250, 550, 650, 950], [1, 3, 4, 7, 8, 10], 200],
    ['a success in between ends one', [250, 450], [1, 3, 5], 100],
    ['in any order', [650, 250, 550], [7, 1, 3], 200],
    ['failures until the end', [11_050, 11_900], [0, 109], 1000],
    ['nothing but failures', [0, 6000], [], 12_000],
    ['no request between a failure and the next success', [250], [50], 4800],
  ];
  for (const [what, failures, successes, outageMs] of table) {
    test(`${what}: ${outageMs} ms`, () => {
      const load = { failures: failures.map(refusedAt), successes: successes.map((bucket) => succeeded(bucket, 5)) };
      assert.equal(longestOutageMs(trace({ load })), outageMs);
    });
  }

  test('may be shorter than 100 ms at the end of the load', () => {
    const load = { failures: [refusedAt(11_950)], successes: [succeeded(0, 1)] };
    assert.equal(longestOutageMs(trace({ load, loadStopMs: 11_980 })), 80);
  });
});

describe('a trial is', () => {
  const CONTROL = { rolloutMs: undefined, pods: [pod('old-1')] };
  const PAUSES = { idleLimitMs: 6000, watchedMs: 30_000, bursts: 16 };
  const LOST = failed('reused wait ECONNRESET', 6500, 6555, { pod: 'old-1', scenario: 'post' });
  const table: [what: string, story: Story, reasons: string[]][] = [
    ['valid', {}, []],
    ['valid if requests failed after the rollout began)', { load: { failures: [refusedAt(8500)] } }, []],
    [
      'valid if a request that started before the rollout failed after it began)',
      { load: { failures: [refusedAt(999.5)] } },
      [],
    ],
    ['valid if nothing failed in a control)', CONTROL, []],
    ['invalid if nothing was sent', { load: { successes: [] } }, ['no request was made']],
    ['valid if 1 % of the requests could not be started)', { load: { droppedRequests: 1 } }, []],
    [
      'invalid if requests are missing from the record',
      { load: { lostRequests: 2 } },
      ["the load's record has gaps: the outcome of at least 2 requests is unknown"],
    ],
    ['invalid if requests were dropped', { load: { droppedRequests: 7 } }, ['7 of 100 requests could not be started']],
    [
      'invalid if a request failed before the rollout',
      { load: { failures: [refusedAt(900)] } },
      ['1 request failed before the rollout began'],
    ],
    [
      'invalid if requests of a control failed',
      { ...CONTROL, load: { failures: [refusedAt(900), refusedAt(950)] } },
      ['the control lost 2 requests without a rollout'],
    ],
    [
      'valid if a control with pauses lost requests on idle connections)',
      { ...CONTROL, pauses: PAUSES, load: { failures: [LOST, LOST] } },
      [],
    ],
    [
      'invalid if it lost one in another way too',
      { ...CONTROL, pauses: PAUSES, load: { failures: [LOST, refusedAt(950)] } },
      ['the control lost 1 request without a rollout'],
    ],
    [
      'invalid if an old pod is still there',
      { pods: [pod('old-1', DELETED.drained), pod('old-2', { deletionMs: 2000 })] },
      ['no complete rollout was observed'],
    ],
    ['invalid if no old pod was seen', { pods: [pod('new-1')] }, ['no complete rollout was observed']],
    [
      'valid if 1 % of the requests were 99 ms late)',
      { load: { lateness: histogram(...Array(98).fill(0), 99, 99) } },
      [],
    ],
    [
      'invalid if requests were late',
      { load: { lateness: histogram(...Array(98).fill(0), 120, 120) } },
      ['the schedule was not kept: 1 % of the requests started more than 120 ms late'],
    ],
    ['valid if fewer than 1 % were late)', { load: { lateness: histogram(...Array(999).fill(0), 5000) } }, []],
    [
      'invalid for several reasons',
      { pods: [], load: { droppedRequests: 2, successes: [] } },
      ['no request was made', '2 of 100 requests could not be started', 'no complete rollout was observed'],
    ],
  ];
  for (const [what, story, reasons] of table) {
    test(what, () => assert.deepEqual(invalidReasons(trace(story)), reasons));
  }
});

describe('the requests that a rollout exposes', () => {
  interface Scene {
    /** Deletions and exits of old pods. */
    ends: [deletionMs: number, exitMs?: number][];
    /** Buckets of 10 successes each. */
    buckets: number[];
    /** Starts of failures, each of which lasts for 1 ms. */
    failures?: number[];
    views?: string[];
  }
  const table: [what: string, scene: Scene, exposed: number, failed: number, failedBefore: number][] = [
    ['from the deletion to the exit of one pod', { ends: [[1000, 2000]], buckets: [9, 10, 19, 20] }, 20, 0, 0],
    [
      'from the first deletion to the last exit',
      {
        ends: [
          [1000, 1500],
          [1400, 2000],
          [1600, 1800],
        ],
        buckets: [9, 10, 15, 19, 20],
      },
      30,
      0,
      0,
    ],
    ['to whole buckets', { ends: [[1050, 1950]], buckets: [9, 10, 19, 20] }, 20, 0, 0],
    [
      'until the last router has dropped the last old pod',
      {
        ends: [[1000, 1500]],
        buckets: [10, 15, 22, 23],
        views: ['a 0: old-0', 'b 0: old-0', 'a 1200: new-1', 'b 2300: new-1'],
      },
      30,
      0,
      0,
    ],
    [
      "from the first new pod in a router's view, if that is earlier",
      { ends: [[1000, 1500]], buckets: [5, 8, 14], views: ['a 0: old-0', 'a 800: old-0 new-1', 'a 1200: new-1'] },
      20,
      0,
      0,
    ],
    [
      'requests that failed before the first deletion are counted separately',
      { ends: [[1000, 2000]], buckets: [10], failures: [900, 998, 999.5, 1500] },
      12,
      2,
      2,
    ],
    [
      'requests that fail later are exposed too',
      { ends: [[1000, 2000]], buckets: [10, 30], failures: [1500, 9000] },
      12,
      2,
      0,
    ],
    ['none without a deletion', { ends: [], buckets: [9, 10] }, 0, 0, 0],
    [
      'only failed requests, if no exit was observed',
      { ends: [[1000]], buckets: [9, 10], failures: [999.5, 1500] },
      2,
      2,
      0,
    ],
  ];
  for (const [what, { ends, buckets, failures = [], views = [] }, exposed, failed, failedBefore] of table) {
    test(what, () => {
      const pods = ends.map(([deletionMs, exitMs], index) => pod(`old-${index}`, { deletionMs, exitMs }));
      const load = { successes: buckets.map((bucket) => succeeded(bucket, 10)), failures: failures.map(refusedAt) };
      const counted = countExposed(trace({ pods: [...pods, pod('new-1')], routerViews: views.map(view), load }));
      assert.deepEqual(counted, { exposed, failed, failedBefore });
    });
  }
});

test('the analysis handles more failures than fit on the stack', () => {
  const failures = Array.from({ length: 200_000 }, (_, index) => refusedAt(8001 + index / 1000));
  const result = analyse(trace({ load: { failures } }));
  assert.deepEqual([result.failed, result.causes['routing-lag']], [200_000, 200_000]);
  assert.equal(advise([trace({ load: { failures } })]).changes[0]?.removes, 200_000);
});

describe('the result of a trial', () => {
  const cut = failed('reused receive closed', 5800, 6002, { pod: 'old-2', scenario: 'slow' });
  const pods = [
    pod('old-1', DELETED.drained),
    pod('old-2', DELETED.killedWhileDraining),
    pod('new-1', { createdMs: 1000, readyMs: 1800 }),
    pod('new-2', { createdMs: 1000, readyMs: 1800 }),
  ];
  const load = {
    failures: [refusedAt(8300), refusedAt(8500), cut],
    successes: [succeeded(5, 400), succeeded(20, 500), succeeded(60, 97, 'new-1', 'slow'), succeeded(110, 300)],
    connectionReuse: 0.9,
    hiddenRetries: { client: 2 },
    latency: { fresh: histogram(...Array(99).fill(2), 30), slow: histogram(4000) },
  };

  test('has every figure', () => {
    const result = analyse(trace({ pods, load }));
    const { failedUpperBound, latencyMs, ...rest } = result;
    assert.deepEqual(rest, {
      runtime: 'node',
      runtimeVersion: '26.0.0',
      variant: 'valid',
      through: 'direct',
      disruption: 'rollout',
      strategy: 'RollingUpdate',
      repeat: 2,
      cluster: 'local',
      load: 'builtin',
      valid: true,
      invalidReasons: [],
      podsReplaced: 2,
      requests: 1300,
      exposed: 600,
      failed: 3,
      failedBefore: 0,
      dropped: 0,
      failedByScenario: { fresh: 2, slow: 1 },
      causes: {
        capacity: 0,
        'no-graceful-shutdown': 0,
        'grace-too-short': 1,
        'routing-lag': 2,
        'keep-alive-race': 0,
        'not-ready': 0,
        gateway: 0,
        unexplained: 0,
      },
      longestOutageMs: 2700,
      hiddenRetries: 2,
      connectionReuse: 0.9,
      pid1: true,
      routingLagMs: null,
      rolloutMs: 8000,
    });
    assert.equal(Number(failedUpperBound.toPrecision(3)), 0.0129);
    assert.deepEqual(
      Object.values(latencyMs ?? {}).map(Math.round),
      [2, 2, 30],
      'p50, p99, max, without the slow ones',
    );
    assert.deepEqual(TrialResult.parse(JSON.parse(JSON.stringify(result))), result);
  });

  test('of a control: every request is exposed, and there is no rollout', () => {
    const { exposed, rolloutMs, podsReplaced, valid, failedUpperBound } = analyse(
      trace({ rolloutMs: undefined, pods: [pod('old-1')], load: { successes: [succeeded(0, 60), succeeded(1, 40)] } }),
    );
    assert.deepEqual([exposed, rolloutMs, podsReplaced, valid], [100, null, 0, true]);
    assert.equal(failedUpperBound.toFixed(4), '0.0295');
  });

  test('of an invalid trial says why it is invalid', () => {
    const { valid, invalidReasons: reasons } = analyse(trace({ load: { droppedRequests: 3 } }));
    assert.deepEqual([valid, reasons], [false, ['3 of 100 requests could not be started']]);
  });

  test('leaves out what was not observed', () => {
    const { connectionReuse, latencyMs, rolloutMs } = analyse(trace({ pods: [pod('old-1')] }));
    assert.deepEqual([connectionReuse, latencyMs, rolloutMs], [null, null, null]);
  });
});

describe('a control with pauses', () => {
  const CONTROL = { rolloutMs: undefined, pods: [pod('old-1')], routerViews: [view('nginx -3000: old-1')] };
  const lost = failed('reused wait ECONNRESET', 6500, 6555, { pod: 'old-1', scenario: 'post' });
  const refused = failed('fresh connect no-endpoint', 6500, 6500, { router: 'nginx', scenario: 'get' });
  const load = {
    failures: [lost, { ...lost, id: 'r-2' }, refused],
    successes: [succeeded(0, 5, 'old-1', 'post'), succeeded(60, 3, 'old-1', 'post'), succeeded(0, 10, 'old-1', 'get')],
  };
  const behindNginx = (direct: Trace): Trace => ({
    ...direct,
    cluster: { ...direct.cluster, gateway: { name: 'nginx', version: '1.31.3', upstream: 'pods' } },
  });

  test('counts by method what was lost on idle connections', () => {
    const pauses = { idleLimitMs: 6000, watchedMs: 30_000, bursts: 2 };
    const result = analyse(behindNginx(trace({ ...CONTROL, pauses, load })));
    assert.deepEqual(result.invalidReasons, []);
    assert.deepEqual(result.pauses, {
      ...pauses,
      methods: [
        { method: 'POST', requests: 10, lost: 2, refused: 0 },
        { method: 'GET', requests: 11, lost: 0, refused: 1 },
      ],
    });
  });

  test('has no methods if there were no bursts, and other trials have nothing of it', () => {
    const result = analyse(trace({ ...CONTROL, pauses: { watchedMs: 30_000 } }));
    assert.deepEqual(result.pauses, { watchedMs: 30_000, methods: [] });
    assert.equal('pauses' in analyse(trace()), false);
  });

  test('gives a reset its cause even if it took longer than on a quiet machine', () => {
    const [pauses, story] = [
      { idleLimitMs: 6000, watchedMs: 30_000, bursts: 2 },
      { ...CONTROL, load },
    ];
    assert.equal(analyse(trace({ ...story, pauses })).causes['keep-alive-race'], 2);
    assert.equal(analyse(trace(story)).causes['keep-alive-race'], 0);
  });
});
