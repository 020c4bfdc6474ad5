/** Causes if the pod of a request is unknown, as behind a real Service, or if clocks may be off. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { causeOf } from '../../src/analysis/attribution.ts';
import type { CauseId } from '../../src/analysis/causes.ts';
import type { PodRecord } from '../../src/trace/cluster-record.ts';
import type { FailedRequest } from '../../src/trace/load-record.ts';
import { DELETED, failed, history, pod, type Timeline, view } from './story.ts';

interface Scene {
  pods: PodRecord[];
  views: string[];
  clockBoundMs?: number;
}

const ROLLING = ['slices 0: old-1 old-2', 'slices 1020: new-1 old-2'];
/** old-1 was deleted at 1000 and ended as given; another old pod and a new one serve. */
const rolling = (end: Timeline): Scene => ({
  pods: [pod('old-1', end), pod('old-2'), pod('new-1')],
  views: ROLLING,
});
/** The only pod was deleted, and its successor was ready at 8000. */
const recreated = (end: Timeline): Scene => ({
  pods: [pod('old-1', end), pod('new-1', { createdMs: 7000, startedMs: 7500, readyMs: 8000 })],
  views: ['slices 0: old-1', 'slices 6100:', 'slices 8020: new-1'],
});
const EXITED_AT_6000 = { deletionMs: 1000, exitMs: 6000, exitBoundMs: 400, exitCode: 137 };

const EXITED_AT_2500 = { deletionMs: 2500, sigtermMs: 2500, exitMs: 2530, exitBoundMs: 30, exitCode: 0 };

/** old-1 exits at 1020, and old-2 at 2500. */
const BOTH_REPLACED: Scene = {
  pods: [pod('old-1', DELETED.exitedAtOnce), pod('old-2', EXITED_AT_2500), pod('new-1'), pod('new-2')],
  views: ['slices 0: old-1 old-2', 'slices 1020: new-1 old-2', 'slices 2520: new-1 new-2'],
};

const CASES: [what: string, scene: Scene, request: FailedRequest, cause: CauseId][] = [
  [
    'refused by a pod that had stopped, while a router still knew it',
    rolling(DELETED.drainedWithoutDelay),
    failed('fresh connect ECONNREFUSED', 1500, 1501),
    'routing-lag',
  ],
  [
    'near miss: long after every router knew',
    rolling(DELETED.drainedWithoutDelay),
    failed('fresh connect ECONNREFUSED', 9000, 9001),
    'unexplained',
  ],
  [
    'near miss: before anything was deleted',
    rolling(DELETED.drainedWithoutDelay),
    failed('fresh connect ECONNREFUSED', 500, 501),
    'unexplained',
  ],
  [
    'near miss: cut when a pod was killed that routers had dropped long before',
    rolling(EXITED_AT_6000),
    failed('fresh wait ECONNRESET', 4500, 6200),
    'unexplained',
  ],
  [
    'cut when a pod that routers had known was killed',
    { ...rolling(EXITED_AT_6000), views: ['slices 0: old-1 old-2', 'slices 5000: new-1 old-2'] },
    failed('fresh wait ECONNRESET', 5500, 6200),
    'no-graceful-shutdown',
  ],
  [
    'cut by a pod at SIGTERM, sent when an earlier one was still known to routers but had ended',
    BOTH_REPLACED,
    failed('fresh wait closed', 1600, 2514),
    'no-graceful-shutdown',
  ],
  [
    'the same, sent when the earlier one may still have run: that would have ended the connection by then',
    BOTH_REPLACED,
    failed('fresh wait closed', 1200, 2514),
    'no-graceful-shutdown',
  ],
  [
    'sent just after SIGTERM of the earlier one, long before the other ends',
    BOTH_REPLACED,
    failed('fresh wait closed', 1005, 1240),
    'routing-lag',
  ],
  [
    'on a keep-alive connection, whose pod is known',
    rolling(EXITED_AT_6000),
    failed('reused wait closed', 3000, 6200, { pod: 'old-1' }),
    'no-graceful-shutdown',
  ],
  [
    'refused while there was no pod',
    recreated(EXITED_AT_6000),
    failed('fresh connect ECONNREFUSED', 7000, 7001),
    'capacity',
  ],
  [
    'refused just after the successor was ready, before routers knew',
    recreated(EXITED_AT_6000),
    failed('fresh connect ECONNREFUSED', 8100, 8101),
    'capacity',
  ],
  [
    'sent to a dead pod just then',
    recreated(EXITED_AT_6000),
    failed('fresh connect EHOSTUNREACH', 8700, 8701),
    'capacity',
  ],
  [
    'near miss: long after',
    recreated(EXITED_AT_6000),
    failed('fresh connect ECONNREFUSED', 20_000, 20_001),
    'unexplained',
  ],
  [
    'timed out, started before the only pod ended',
    recreated(EXITED_AT_6000),
    failed('fresh connect timeout', 6500, 16_500),
    'capacity',
  ],
  [
    'cut by SIGKILL, with no other pod',
    recreated(EXITED_AT_6000),
    failed('fresh wait ECONNRESET', 4000, 6100),
    'no-graceful-shutdown',
  ],
  [
    'two pods could be to blame, with different causes',
    {
      pods: [
        pod('old-1', { ...DELETED.killedWhileDraining }),
        pod('old-2', { ...DELETED.ignoredSigterm }),
        pod('new-1'),
      ],
      views: ['slices 0: old-1 old-2', 'slices 5900: new-1'],
    },
    failed('reused wait ECONNRESET', 4000, 6005),
    'unexplained',
  ],
];

const SILENT = { deletionMs: 1000, exitMs: 5000, exitCode: 0 };
CASES.push(
  [
    'refused by a pod that nobody saw stop listening',
    rolling(SILENT),
    failed('fresh connect ECONNREFUSED', 1500, 1501),
    'routing-lag',
  ],
  [
    'near miss: such a pod, before its deletion',
    rolling(SILENT),
    failed('fresh connect ECONNREFUSED', 900, 901),
    'unexplained',
  ],
);

describe('the cause of a request whose pod is unknown', () => {
  for (const [what, { pods, views }, request, cause] of CASES) {
    test(`${what}: ${cause}`, () => {
      assert.equal(causeOf(request, history({ pods, routerViews: views.map(view) })), cause);
    });
  }
});

describe('the cause if clocks may be off', () => {
  // Draining since 1001, killed at 6000: a request that ended at 5800 is within the slack of 250 ms, at 5700 it is not.
  const scene = rolling(DELETED.killedWhileDraining);
  const cluster = { pods: scene.pods, routerViews: scene.views.map(view) };
  const cut = (endedMs: number) => failed('reused wait ECONNRESET', 3000, endedMs, { pod: 'old-1' });
  const table: [endedMs: number, boundMs: number, cause: CauseId][] = [
    [5800, 0, 'grace-too-short'],
    [5800, 40, 'grace-too-short'],
    [5800, 100, 'unexplained'],
  ];
  for (const [endedMs, boundMs, cause] of table) {
    test(`by ${boundMs} ms: ${cause}`, () =>
      assert.equal(causeOf(cut(endedMs), history(cluster, { clockBoundMs: boundMs })), cause));
  }
});
