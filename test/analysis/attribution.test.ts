import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { causeOf } from '../../src/analysis/attribution.ts';
import { CAUSE_IDS, CAUSES, type CauseId, causeById, countCauses } from '../../src/analysis/causes.ts';
import type { PodRecord } from '../../src/trace/cluster-record.ts';
import type { FailedRequest } from '../../src/trace/load-record.ts';
import { DELETED, failed, history, pod, succeeded, type Timeline, view } from './story.ts';

/** The timeline of the request's pod, the other pods and what the routers knew; the request; its cause. */
type Case = [
  what: string,
  story: { old?: Timeline; others?: PodRecord[]; views?: string[] },
  request: FailedRequest,
  cause: CauseId,
];

const OLD = { pod: 'old-1' };
/** The other pods. The default is one that serves all along. */
const SERVING = [pod('new-1')];
const NOBODY: PodRecord[] = [];
/** All pods that serve have answered requests before. */
const ANSWERED = [succeeded(-30, 5), succeeded(-30, 5, 'new-1')];
const STARTING = [pod('new-1', { createdMs: 900, startedMs: 1500, readyMs: 4000 })];
const GONE = DELETED.diedOfSigterm;
/** Its log says that it listens, but not how it ended. */
const LOST_LOG = { listeningMs: -4200, deletionMs: 1000, exitMs: 6005, exitSignal: 'SIGKILL' };

const CASES: Case[] = [
  // 1 capacity
  [
    'refused by the Service when the only pod was gone',
    { old: GONE, others: STARTING },
    failed('fresh connect ECONNREFUSED', 2000, 2001),
    'capacity',
  ],
  [
    'refused when there was no pod at all',
    { others: NOBODY },
    failed('fresh connect ECONNREFUSED', 2000, 2001),
    'capacity',
  ],
  [
    'refused by the only pod, which had stopped listening',
    { old: DELETED.drainedWithoutDelay, others: NOBODY },
    failed('fresh connect ECONNREFUSED', 1500, 1501, OLD),
    'capacity',
  ],
  [
    'refused by the only pod, just before its port was seen to be closed',
    { old: { ...DELETED.drainedWithoutDelay, stoppedListeningMs: 1020 }, others: NOBODY },
    failed('fresh connect ECONNREFUSED', 1010, 1011, OLD),
    'capacity',
  ],
  [
    'timed out waiting for an endpoint',
    { old: GONE, others: STARTING },
    failed('fresh connect timeout', 1100, 11_100),
    'capacity',
  ],
  [
    'reached the new pod when most of its time had passed',
    { old: GONE, others: STARTING },
    failed('fresh wait timeout', 2000, 11_000, { pod: 'new-1' }),
    'capacity',
  ],
  [
    'near miss: reached it, and was cut for another reason',
    { old: GONE, others: STARTING },
    failed('fresh wait closed', 2000, 2500, { pod: 'new-1' }),
    'not-ready',
  ],
  [
    'sent on a keep-alive connection of an unknown pod when none served',
    { old: GONE, others: STARTING },
    failed('reused wait closed', 2000, 2001),
    'capacity',
  ],
  [
    'refused by a router that did not know about the new pod yet',
    { old: GONE, views: ['node1 0: old-1', 'node1 1500:', 'node2 0: new-1'] },
    failed('fresh connect ECONNREFUSED', 2000, 2001, { router: 'node1' }),
    'capacity',
  ],
  [
    'refused by a router that never knew of a pod',
    { old: GONE, views: ['node2 0: new-1'] },
    failed('fresh connect ECONNREFUSED', 2000, 2001, { router: 'node1' }),
    'capacity',
  ],
  [
    'refused by some router when all were empty',
    { old: GONE, views: ['node1 1500:', 'node2 1600:'] },
    failed('fresh connect ECONNREFUSED', 2000, 2001),
    'capacity',
  ],
  [
    'near miss: another router was empty',
    { old: GONE, views: ['node1 0: new-1', 'node2 1500:'] },
    failed('fresh connect ECONNREFUSED', 2000, 2001, { router: 'node1' }),
    'unexplained',
  ],
  [
    'near miss: only one of two was empty, and it is not known which',
    { old: GONE, views: ['node1 0: new-1', 'node2 1500:'] },
    failed('fresh connect ECONNREFUSED', 2000, 2001),
    'unexplained',
  ],
  [
    'near miss: its router had been empty before',
    { old: GONE, views: ['node1 1500:', 'node1 1900: new-1'] },
    failed('fresh connect ECONNREFUSED', 2000, 2001, { router: 'node1' }),
    'unexplained',
  ],
  [
    'near miss: its router was empty only afterwards',
    { views: ['node1 0: new-1', 'node1 2001:'] },
    failed('fresh connect ECONNREFUSED', 2000, 2500, { router: 'node1' }),
    'unexplained',
  ],
  [
    'near miss: a terminating pod still served',
    { old: DELETED.drained, others: NOBODY },
    failed('fresh connect ECONNREFUSED', 5000, 5001),
    'unexplained',
  ],
  [
    'near miss: no pod served, but it had reached one',
    { old: DELETED.killedWhileDraining, others: NOBODY },
    failed('reused wait ECONNRESET', 2000, 6001, OLD),
    'grace-too-short',
  ],
  [
    'refused when the only pod was no longer ready',
    { old: DELETED.drained, others: NOBODY },
    failed('fresh connect ECONNREFUSED', 7500, 7501),
    'capacity',
  ],
  [
    'refused when the only pod had just been killed',
    { old: DELETED.ignoredSigterm, others: NOBODY },
    failed('fresh connect ECONNREFUSED', 6002, 6003),
    'capacity',
  ],

  // 6 not ready
  [
    'refused by a pod that had not started to listen',
    { old: { readyMs: 3000 } },
    failed('fresh connect ECONNREFUSED', 2000, 2001, OLD),
    'not-ready',
  ],
  [
    'answered 503 by a pod that was not ready yet',
    { old: { readyMs: undefined } },
    failed('fresh receive status', 2000, 2010, { ...OLD, status: 503 }),
    'not-ready',
  ],
  [
    'sent to a pod that had exited by itself',
    { old: { exitMs: 1500, exitCode: 1 } },
    failed('fresh connect ECONNREFUSED', 2000, 2001, OLD),
    'not-ready',
  ],
  [
    'refused by a new pod that was ready but had not answered anything',
    { others: [pod('new-2', { readyMs: 1500 }), ...SERVING] },
    failed('fresh connect ECONNREFUSED', 2000, 2001, { pod: 'new-2' }),
    'not-ready',
  ],
  [
    'answered 503 by such a pod',
    { others: [pod('new-2', { readyMs: 1500 }), ...SERVING] },
    failed('fresh receive status', 2000, 2001, { pod: 'new-2', status: 503 }),
    'not-ready',
  ],
  [
    'near miss: it had answered before',
    {},
    failed('fresh receive status', 2000, 2001, { pod: 'new-1', status: 503 }),
    'unexplained',
  ],
  [
    'near miss: the same from a pod that was ready',
    { old: { readyMs: 1999 } },
    failed('fresh connect ECONNREFUSED', 2000, 2001, OLD),
    'unexplained',
  ],
  [
    'near miss: it had been deleted',
    { old: DELETED.drained },
    failed('fresh connect ECONNREFUSED', 8500, 8501, OLD),
    'routing-lag',
  ],
  [
    'near miss: it was deleted meanwhile',
    { old: { ...DELETED.exitedAtOnce, readyMs: 1005 } },
    failed('fresh wait closed', 990, 1020, OLD),
    'no-graceful-shutdown',
  ],

  // 3 grace too short
  [
    'waiting for its response at SIGKILL',
    { old: DELETED.killedWhileDraining },
    failed('fresh wait ECONNRESET', 900, 6002, OLD),
    'grace-too-short',
  ],
  [
    'on a keep-alive connection',
    { old: DELETED.killedWhileDraining },
    failed('reused wait closed', 2500, 6002, OLD),
    'grace-too-short',
  ],
  [
    'while receiving its response',
    { old: DELETED.killedWhileDraining },
    failed('reused receive closed', 2500, 6002, OLD),
    'grace-too-short',
  ],
  [
    'still sending its body',
    { old: DELETED.killedWhileDraining },
    failed('fresh send EPIPE', 900, 6002, OLD),
    'grace-too-short',
  ],
  [
    'given up by the pod at its own deadline',
    { old: DELETED.gaveUpDraining },
    failed('reused wait closed', 1400, 5500, OLD),
    'grace-too-short',
  ],
  [
    'noticed 250 ms before SIGKILL',
    { old: DELETED.killedWhileDraining },
    failed('reused receive closed', 2500, 5750, OLD),
    'grace-too-short',
  ],
  [
    'noticed 250 ms after SIGKILL',
    { old: DELETED.killedWhileDraining },
    failed('reused receive closed', 2500, 6250, OLD),
    'grace-too-short',
  ],
  [
    'noticed long after SIGKILL by a busy client',
    { old: DELETED.killedWhileDraining },
    failed('reused wait closed', 2500, 7600, OLD),
    'grace-too-short',
  ],
  [
    'of a pod whose last log lines were lost, if others of its generation drained',
    { old: LOST_LOG, others: [pod('old-2', { listeningMs: -4200, ...DELETED.killedWhileDraining }), ...SERVING] },
    failed('reused wait closed', 2500, 6002, OLD),
    'grace-too-short',
  ],
  [
    'near miss: only pods of the other generation drained',
    { old: LOST_LOG, others: [pod('new-2', { listeningMs: -4200, ...DELETED.killedWhileDraining }), ...SERVING] },
    failed('reused wait closed', 2500, 6002, OLD),
    'no-graceful-shutdown',
  ],
  [
    'near miss: cut in its response 251 ms before SIGKILL, so by the server',
    { old: DELETED.killedWhileDraining },
    failed('reused receive closed', 2500, 5749, OLD),
    'no-graceful-shutdown',
  ],
  [
    'near miss: the pod exited by itself, and cut it',
    { old: DELETED.drained },
    failed('reused receive closed', 5000, 9000, OLD),
    'no-graceful-shutdown',
  ],
  [
    'near miss: it was answered, with an error',
    { old: DELETED.killedWhileDraining },
    failed('reused receive status', 2500, 6002, { ...OLD, status: 500 }),
    'no-graceful-shutdown',
  ],

  // 2 no graceful shutdown
  [
    'waiting when the pod died of SIGTERM',
    { old: DELETED.diedOfSigterm },
    failed('fresh wait ECONNRESET', 700, 1010, OLD),
    'no-graceful-shutdown',
  ],
  [
    'waiting on a keep-alive connection',
    { old: DELETED.diedOfSigterm },
    failed('reused wait closed', 700, 1010, OLD),
    'no-graceful-shutdown',
  ],
  [
    'receiving its response when the pod died',
    { old: DELETED.diedOfSigterm },
    failed('reused receive closed', 700, 1010, OLD),
    'no-graceful-shutdown',
  ],
  [
    'cut by the SIGKILL of a pod that ignored SIGTERM',
    { old: DELETED.ignoredSigterm },
    failed('reused wait ECONNRESET', 3000, 6001, OLD),
    'no-graceful-shutdown',
  ],
  [
    'dropped by a pod that exited at once',
    { old: DELETED.exitedAtOnce },
    failed('reused wait closed', 900, 1021, OLD),
    'no-graceful-shutdown',
  ],
  [
    'sent as a pod without a handler was killed, and noticed late by a busy client',
    { old: { ...DELETED.ignoredSigterm, exitBoundMs: 400 } },
    failed('reused wait closed', 6500, 8200, OLD),
    'no-graceful-shutdown',
  ],
  [
    'near miss: sent when the pod had certainly exited',
    { old: { ...DELETED.ignoredSigterm, exitBoundMs: 400 } },
    failed('reused wait closed', 6660, 8200, OLD),
    'unexplained',
  ],
  [
    'near miss: lost while the pod was certainly running',
    { old: { ...DELETED.ignoredSigterm, exitBoundMs: 400 } },
    failed('reused wait closed', 3000, 5340, OLD),
    'unexplained',
  ],
  [
    'near miss: the pod drained, and may have closed the connection before it was killed',
    { old: { ...DELETED.killedWhileDraining, exitBoundMs: 400 } },
    failed('reused wait closed', 6500, 8200, OLD),
    'unexplained',
  ],
  [
    'near miss: the pod exited without being told to',
    { old: { exitMs: 1010, exitCode: 1 } },
    failed('reused wait closed', 900, 1010, OLD),
    'unexplained',
  ],
  [
    'near miss: it had not been accepted',
    { old: DELETED.diedOfSigterm },
    failed('fresh connect ECONNREFUSED', 1000, 1011, OLD),
    'routing-lag',
  ],
  [
    'in flight at SIGTERM, and answered with a server error',
    { old: DELETED.exitedAtOnce },
    failed('fresh receive status', 900, 1010, { ...OLD, status: 500 }),
    'no-graceful-shutdown',
  ],
  [
    'turned away on a keep-alive connection',
    { old: DELETED.drained },
    failed('reused receive status', 6500, 6501, { ...OLD, status: 503 }),
    'no-graceful-shutdown',
  ],
  [
    'near miss: answered 404',
    { old: DELETED.drained },
    failed('reused receive status', 6500, 6501, { ...OLD, status: 404 }),
    'unexplained',
  ],
  [
    'in flight at SIGTERM, and cut while the process kept running',
    { old: DELETED.drained },
    failed('reused wait closed', 5900, 6010, OLD),
    'no-graceful-shutdown',
  ],
  [
    'the same on a new connection',
    { old: DELETED.drained },
    failed('fresh wait ECONNRESET', 5900, 6010, OLD),
    'no-graceful-shutdown',
  ],
  [
    'near miss: waited unread on a busy machine until a server that answered all it had read closed its port',
    { old: DELETED.drainedWithoutDelay },
    failed('fresh wait ECONNRESET', 800, 1003, OLD),
    'routing-lag',
  ],
  [
    'near miss: the same on a keep-alive connection',
    { old: DELETED.drainedWithoutDelay },
    failed('reused wait ECONNRESET', 800, 1003, OLD),
    'keep-alive-race',
  ],
  [
    'the same, but the server gave up with a non-zero exit code',
    { old: { ...DELETED.drainedWithoutDelay, exitCode: 1 } },
    failed('fresh wait ECONNRESET', 800, 1003, OLD),
    'no-graceful-shutdown',
  ],
  [
    'near miss: sent just before SIGTERM, so it may have crossed the close of its connection',
    { old: DELETED.drained },
    failed('reused wait closed', 5980, 6010, OLD),
    'keep-alive-race',
  ],

  // 4 routing lag
  [
    'refused by a pod that had stopped listening',
    { old: DELETED.drainedWithoutDelay },
    failed('fresh connect ECONNREFUSED', 1300, 1301, OLD),
    'routing-lag',
  ],
  [
    'refused by a pod that had exited',
    { old: GONE },
    failed('fresh connect ECONNREFUSED', 1300, 1301, OLD),
    'routing-lag',
  ],
  [
    'lost on the way to a pod whose network was gone',
    { old: GONE },
    failed('fresh connect EHOSTUNREACH', 1300, 4300, OLD),
    'routing-lag',
  ],
  [
    'timed out on the way to a pod that had exited',
    { old: GONE },
    failed('fresh connect timeout', 1300, 11_300, OLD),
    'routing-lag',
  ],
  [
    'reset as the listener closed',
    { old: DELETED.drainedWithoutDelay },
    failed('fresh wait ECONNRESET', 1001, 1003, OLD),
    'routing-lag',
  ],
  [
    'reset while its first byte was written',
    { old: DELETED.drainedWithoutDelay },
    failed('fresh send ECONNRESET', 1001, 1003, OLD),
    'routing-lag',
  ],
  [
    'opened just before the pod was deleted',
    { old: DELETED.drainedWithoutDelay },
    failed('fresh connect ECONNREFUSED', 999, 1003, OLD),
    'routing-lag',
  ],
  [
    'near miss: the pod was deleted afterwards',
    { old: DELETED.drainedWithoutDelay },
    failed('fresh connect ECONNREFUSED', 990, 999, OLD),
    'unexplained',
  ],
  [
    'near miss: a pod that is not terminating',
    {},
    failed('fresh connect ECONNREFUSED', 1300, 1301, OLD),
    'unexplained',
  ],
  [
    'near miss: the response had begun',
    { old: DELETED.drained },
    failed('fresh receive closed', 6500, 6600, OLD),
    'no-graceful-shutdown',
  ],
  [
    'answered 503 while draining',
    { old: DELETED.drained },
    failed('fresh receive status', 6500, 6501, { ...OLD, status: 503 }),
    'routing-lag',
  ],
  [
    'sent after SIGTERM and cut by SIGKILL, whether the pod drained or not',
    { old: DELETED.killedWhileDraining },
    failed('fresh wait ECONNRESET', 2500, 6002, OLD),
    'routing-lag',
  ],
  [
    'timed out at a port that is open but not accepting',
    { old: DELETED.ignoredSigterm },
    failed('fresh wait timeout', 1500, 11_500, OLD),
    'routing-lag',
  ],
  [
    'near miss: sent after SIGTERM because there was no other pod, and cut by SIGKILL',
    { old: DELETED.ignoredSigterm, others: STARTING },
    failed('fresh wait ECONNRESET', 3900, 6002, OLD),
    'no-graceful-shutdown',
  ],
  [
    'near miss: it is not known whether the connection was new',
    { old: DELETED.drained },
    failed('unknown wait closed', 8001, 8002, OLD),
    'unexplained',
  ],

  // 5 keep-alive race
  [
    'closed 1 s after it was sent, as a busy client sees it',
    { old: DELETED.drained },
    failed('reused wait closed', 7000, 8000, OLD),
    'keep-alive-race',
  ],
  [
    'near miss: closed later, so the pod had it',
    { old: DELETED.drained },
    failed('reused wait closed', 6999, 8000, OLD),
    'unexplained',
  ],
  [
    'sent as a draining pod closed its idle connection',
    { old: DELETED.drained },
    failed('reused wait closed', 8000, 8001, OLD),
    'keep-alive-race',
  ],
  [
    'answered by a reset',
    { old: DELETED.drained },
    failed('reused wait ECONNRESET', 8000, 8001, OLD),
    'keep-alive-race',
  ],
  ['cut while it was sent', { old: DELETED.drained }, failed('reused send EPIPE', 8000, 8001, OLD), 'keep-alive-race'],
  ['of an unknown pod', { old: DELETED.drained }, failed('reused wait closed', 8000, 8001), 'keep-alive-race'],
  [
    'closed as it was sent, by a pod that is not terminating',
    {},
    failed('reused wait closed', 8000, 8001, OLD),
    'keep-alive-race',
  ],
  [
    'near miss: it had reached a pod that is not terminating',
    {},
    failed('reused wait closed', 8000, 8051, OLD),
    'unexplained',
  ],
  [
    'near miss: that pod crashed',
    { old: { exitMs: 8050, exitCode: 1 } },
    failed('reused wait closed', 8000, 8001, OLD),
    'unexplained',
  ],
  [
    'near miss: the response had begun',
    { old: DELETED.drained },
    failed('reused receive closed', 8000, 8001, OLD),
    'no-graceful-shutdown',
  ],
  ['near miss: it timed out', { old: DELETED.drained }, failed('reused wait timeout', 5000, 8400, OLD), 'unexplained'],
  [
    'near miss: the connection was new',
    { old: DELETED.drained },
    failed('fresh wait closed', 8000, 8001, OLD),
    'routing-lag',
  ],

  // 0 unexplained
  [
    'answered 500 by a pod that serves',
    {},
    failed('reused receive status', 500, 510, { ...OLD, status: 500 }),
    'unexplained',
  ],
  ['timed out at a pod that serves', {}, failed('fresh wait timeout', 500, 10_500, OLD), 'unexplained'],
  ['answered with something that is not HTTP', {}, failed('fresh receive protocol', 500, 510, OLD), 'unexplained'],
  [
    'sent to a pod that is not in the trace',
    {},
    failed('fresh wait closed', 500, 510, { pod: 'stranger' }),
    'unexplained',
  ],
];

describe('the cause of a request', () => {
  for (const [what, { old = {}, others = SERVING, views = [] }, request, cause] of CASES) {
    test(`${what}: ${cause}`, () => {
      const pods = others === NOBODY && Object.keys(old).length === 0 ? [] : [pod('old-1', old), ...others];
      assert.equal(causeOf(request, history({ pods, routerViews: views.map(view) }, { successes: ANSWERED })), cause);
    });
  }

  test('has a case here for every cause', () => {
    // Those of gateways are in gateway.test.ts.
    const here = CAUSE_IDS.filter((id) => id !== 'gateway');
    assert.deepEqual([...new Set(CASES.map(([, , , cause]) => cause))].sort(), here.toSorted());
  });
});

describe('the cause of a request cut by a pod whose listener and log were not observed, and that', () => {
  const cut = (endedMs: number) => failed('reused receive closed', 900, endedMs, OLD);
  const table: [what: string, old: Timeline, request: FailedRequest, cause: CauseId][] = [
    ['died of SIGTERM', GONE, cut(1010), 'no-graceful-shutdown'],
    ['exited as soon as it was told to', DELETED.exitedAtOnce, cut(1020), 'no-graceful-shutdown'],
    ['was killed, whether it drained or not', DELETED.ignoredSigterm, cut(6005), 'unexplained'],
    ['exited by itself some time later', { ...DELETED.exitedAtOnce, exitMs: 3000 }, cut(3000), 'no-graceful-shutdown'],
    [
      'exited after a hook of unknown length',
      { deletionMs: 1000, exitMs: 3000, exitCode: 0 },
      cut(3000),
      'no-graceful-shutdown',
    ],
    [
      'may have exited as soon as it was told to',
      { ...DELETED.exitedAtOnce, exitMs: 1600, exitBoundMs: 500 },
      cut(1600),
      'no-graceful-shutdown',
    ],
    [
      'lost its readiness and kept running until it was killed',
      { ...DELETED.ignoredSigterm, notReadyMs: 3000 },
      cut(6005),
      'grace-too-short',
    ],
  ];
  for (const [what, old, request, cause] of table) {
    test(`${what}: ${cause}`, () => {
      const pods = [pod('old-1', old), ...SERVING];
      assert.equal(causeOf(request, history({ pods, listenersSeen: false })), cause);
    });
  }
});

describe('the registry of causes', () => {
  test('has every id and number once', () => {
    assert.equal(new Set(CAUSE_IDS).size, CAUSES.length);
    assert.deepEqual(CAUSES.map(({ number }) => number).toSorted(), [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('finds a cause by its id', () => {
    for (const id of CAUSE_IDS) assert.equal(causeById(id).id, id);
  });

  test('counts how many requests each cause broke', () => {
    const none = Object.fromEntries(CAUSE_IDS.map((id) => [id, 0]));
    assert.deepEqual(countCauses([]), none);
    assert.deepEqual(countCauses(['capacity', 'unexplained', 'capacity']), { ...none, capacity: 2, unexplained: 1 });
  });
});
