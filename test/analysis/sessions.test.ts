/** What the analysis says about sessions: how they ended, why they were cut, and what would help. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { advise } from '../../src/analysis/advice.ts';
import { causeOf } from '../../src/analysis/attribution.ts';
import type { CauseId } from '../../src/analysis/causes.ts';
import type { ChangeId } from '../../src/analysis/changes.ts';
import { historyOf } from '../../src/analysis/history.ts';
import { analyse } from '../../src/analysis/result.ts';
import { sessionFigures } from '../../src/analysis/sessions.ts';
import type { FailedRequest, SessionRecord } from '../../src/trace/load-record.ts';
import { DELETED, failed, pod, type Timeline, trace, view } from './story.ts';

/** 'client pod opened–ended how': '0 old-1 100-1500 1001'; without an end it was open when the load stopped. */
function session(text: string): SessionRecord {
  const [client = '', pod = '', times = '', how] = text.split(' ');
  const [openedMs = 0, endedMs] = times.split('-').map(Number);
  const end = how === 'cut' ? 'cut' : how === 'complete' ? 'complete' : 'close-frame';
  return {
    scenario: 'websocket',
    client: Number(client),
    pod: pod === '?' ? '' : pod,
    startedMs: openedMs - 1,
    openedMs,
    ...(endedMs === undefined ? {} : { endedMs, end }),
    ...(end === 'close-frame' && how ? { closeCode: Number(how) } : {}),
  };
}

/** A session on the old pod that was open from 0 on and was cut. */
const cut = (endedMs: number, error = 'ECONNRESET', more = {}): FailedRequest =>
  failed(`fresh receive ${error}`, 0, endedMs, { pod: 'old-1', scenario: 'websocket', status: 101, ...more });

function told(opened: string[], failures: FailedRequest[] = [], clients = 3, old: Timeline = DELETED.drained) {
  return trace({
    pods: [pod('old-1', old), pod('new-1'), pod('new-2')],
    routerViews: [view('node1 0: old-1'), view('node1 900: old-1 new-1'), view('node1 1100: new-1 new-2')],
    load: { successes: [], failures, sessions: { clients: { websocket: clients }, opened: opened.map(session) } },
  });
}

describe('the figures of sessions', () => {
  const rolled = told(
    [
      '0 old-1 0-8000 1001',
      '1 old-1 2-8000 cut',
      '2 old-1 4-500 1000', // before the exposure, which begins at 900
      '2 old-1 600-8000 1012',
      '0 new-1 8100',
      '1 new-1 8200-8300 complete',
      '1 new-2 9000',
      '2 new-1 8050',
    ],
    [
      cut(8000),
      failed('fresh connect ECONNREFUSED', 8400, 8401, { pod: 'new-1', scenario: 'websocket' }),
      failed('fresh wait timeout', 8500, 8600, { pod: 'new-1', scenario: 'websocket' }),
    ],
  );
  const figures = sessionFigures(rolled)?.websocket;

  test('count how sessions ended, from the exposure on', () => {
    const { inOrder, cut, notOpened, endedBefore, closeCodes } = figures ?? {};
    assert.deepEqual({ inOrder, cut, notOpened, endedBefore }, { inOrder: 3, cut: 1, notOpened: 2, endedBefore: 1 });
    assert.deepEqual(closeCodes, { 1001: 1, 1012: 1 });
  });

  test('say what each client went through', () => {
    assert.deepEqual(figures?.interruptions, { mean: 4 / 3, most: 2 });
    const { p50 = 0, max = 0 } = figures?.withoutSessionMs ?? {};
    // 100 ms, 200 + 700 ms, 50 ms; histograms hold three digits.
    assert.ok(Math.abs(p50 - 100) < 1 && Math.abs(max - 900) < 1, `${p50} ${max}`);
    assert.equal(figures?.stillWithout, 0);
  });

  test('say what the pods went through', () => {
    assert.deepEqual(figures?.busiestPod, { pod: 'new-1', attemptsPerSecond: 5 });
    assert.deepEqual(figures?.spread, { pods: 2, fewest: 1, most: 2 });
  });

  test('clients that never had a session, or lost theirs for good', () => {
    const { withoutSessionMs, stillWithout, spread, busiestPod } =
      sessionFigures(told(['0 old-1 0-8000 1001'], [], 2))?.websocket ?? {};
    // From the end at 8000, and from the exposure at 900, until the load stopped at 12,000.
    assert.ok(Math.abs((withoutSessionMs?.max ?? 0) - 11_100) < 12);
    assert.ok(Math.abs((withoutSessionMs?.p50 ?? 0) - 4000) < 4);
    assert.deepEqual([stillWithout, spread, busiestPod], [2, null, null]);
  });

  test('of pods that are not known', () => {
    const { spread, busiestPod } = sessionFigures(told(['0 ? 0-8000 1001', '0 ? 8100']))?.websocket ?? {};
    assert.deepEqual([spread, busiestPod], [null, null]);
  });

  test('are absent without sessions', () => assert.equal(sessionFigures(trace()), undefined));

  test('sessions are exposed while they are open during the rollout, and never fewer than failed', () => {
    const { exposed, failed, requests, sessions, latencyMs } = analyse(rolled);
    // All but the one that ended before: 3 in order, 1 cut, 3 open at the end, 2 attempts.
    assert.deepEqual([exposed, failed, requests], [9, 3, 10]);
    assert.deepEqual([Object.keys(sessions ?? {}), latencyMs], [['websocket'], null]);
    const whole = analyse({ ...rolled, disruption: undefined } as never);
    assert.deepEqual([whole.exposed, whole.requests], [10, 10]);
  });

  test('a trial of sessions alone is valid', () => {
    assert.deepEqual(analyse(told(['0 old-1 0-8000 1001', '0 new-1 8001'])).invalidReasons, []);
  });
});

/** Killed after it had waited for its sessions. */
const WAITED = { deletionMs: 1000, sigtermMs: 1000, stoppedListeningMs: 1010, sigkillMs: 9000, exitMs: 9005 } as const;
/** Killed 2 s after the stop signal, because preStop had used up the grace period. */
const HURRIED = { ...WAITED, sigtermMs: 7000, stoppedListeningMs: 7010 };
const BY_SIGKILL = { exitSignal: 'SIGKILL' };
const LOGGED = { listeningMs: -4200, drainingMs: 1001 };

describe('a session that was cut', () => {
  const ENDED_ONE = ['1 old-1 0-2000 1001'];
  const table: [
    what: string,
    old: Timeline,
    request: FailedRequest,
    opened: string[],
    cause: CauseId,
    change?: ChangeId,
  ][] = [
    ['by a server that died of SIGTERM', DELETED.diedOfSigterm, cut(1011), [], 'no-graceful-shutdown', 'end-sessions'],
    [
      'by a server that exited at once',
      DELETED.exitedAtOnce,
      cut(1020, 'closed'),
      [],
      'no-graceful-shutdown',
      'end-sessions',
    ],
    [
      'by SIGKILL, after SIGTERM was ignored',
      DELETED.ignoredSigterm,
      cut(6004),
      [],
      'no-graceful-shutdown',
      'end-sessions',
    ],
    [
      'with an error code',
      { ...WAITED, ...BY_SIGKILL },
      cut(1500, 'close-1011'),
      [],
      'no-graceful-shutdown',
      'end-sessions',
    ],
    [
      'by SIGKILL, while the server waited for it',
      { ...WAITED, ...BY_SIGKILL },
      cut(9001),
      [],
      'no-graceful-shutdown',
      'end-sessions',
    ],
    [
      'by SIGKILL, while the server ended one after the other',
      { ...WAITED, ...BY_SIGKILL },
      cut(9001),
      ENDED_ONE,
      'grace-too-short',
      'grace-period',
    ],
    [
      'by SIGKILL, which came before the server could have ended it',
      { ...HURRIED, ...BY_SIGKILL },
      cut(9001),
      [],
      'grace-too-short',
      'grace-period',
    ],
    [
      'by SIGKILL, before the server says that it stopped',
      { ...WAITED, ...LOGGED, ...BY_SIGKILL, stoppedListeningMs: 8500 },
      cut(9001),
      [],
      'grace-too-short',
      'grace-period',
    ],
    [
      'by SIGKILL, long after the server says that it stopped',
      { ...WAITED, ...LOGGED, ...BY_SIGKILL },
      cut(9001),
      [],
      'no-graceful-shutdown',
      'end-sessions',
    ],
    ['by a pod that was not terminating', {}, cut(5000), [], 'unexplained'],
    [
      'near miss: a request of another scenario, cut by SIGKILL in a drain',
      { ...WAITED, ...BY_SIGKILL },
      failed('fresh receive ECONNRESET', 0, 9001, { pod: 'old-1', status: 200 }),
      [],
      'grace-too-short',
    ],
    [
      'near miss: a handshake, cut by SIGKILL in a drain',
      { ...WAITED, ...BY_SIGKILL },
      failed('fresh wait ECONNRESET', 900, 9001, { pod: 'old-1', scenario: 'websocket' }),
      [],
      'grace-too-short',
    ],
  ];
  for (const [what, old, request, opened, cause, change] of table) {
    test(`${what}: ${cause}${change ? `, ${change}` : ''}`, () => {
      const rolled = told(opened, [request], 3, old);
      assert.equal(causeOf(request, historyOf(rolled)), cause);
      assert.deepEqual(
        advise([rolled]).changes.map((found) => found.change),
        change === undefined ? [] : [change],
      );
    });
  }
});

describe('the routing lag of a load without requests', () => {
  const lag = (lastMs: number, plannedRequests: number) => {
    const rolled = told([]);
    const load = { ...rolled.load, plannedRequests, newConnections: { 'old-1': { lastMs } } };
    return advise([{ ...rolled, load }]).routing?.longestMs;
  };
  test('is unknown if nobody tried to open a session after the deletion', () => assert.equal(lag(900, 0), undefined));
  test('is that of the last session that was opened then', () => assert.equal(lag(1600, 0), 600));
  test('near miss: with requests, none that was sent is a lag of 0', () => assert.equal(lag(900, 100), 0));
});

describe('what is said about the server', () => {
  test('sessions do not count as requests, and are not the longest one', () => {
    const { server, longestRequest, gracePeriod } = advise([
      told(['1 old-1 0-2000 1001'], [cut(9001)], 3, { ...WAITED, ...BY_SIGKILL }),
    ]);
    assert.deepEqual(server.sessions, { ended: 1, cut: 1, neverEnded: 0 });
    assert.deepEqual([server.inFlight.broken, server.cutAlive, server.gaveUp], [0, 0, null]);
    assert.deepEqual([longestRequest, gracePeriod], [null, null]);
  });

  test('a server that never ends its sessions', () => {
    const { server } = advise([told([], [cut(9001)], 3, { ...WAITED, ...BY_SIGKILL })]);
    assert.deepEqual(server.sessions, { ended: 0, cut: 1, neverEnded: 1 });
  });

  test('nothing without sessions', () => assert.equal(advise([trace()]).server.sessions, undefined));
});
