import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { type PodTimeline, podTimeline } from '../../src/analysis/pod-timeline.ts';
import { withDeletionBeforeSignal, withDueTermination } from '../../src/clusters/kubernetes/pod-termination.ts';
import { newPodRecord, notePod, notePodGone } from '../../src/clusters/kubernetes/pod-timeline.ts';
import type { LifecycleHandler } from '../../src/kubernetes-rules/objects.ts';
import type { ClusterEvent, PodRecord } from '../../src/trace/cluster-record.ts';

/** The trial began at this epoch time. */
const START_MS = Date.parse('2026-01-01T00:00:00Z');
const fromNodeMs = (epochMs: number) => epochMs - START_MS;

interface Seen {
  atMs: number;
  running?: boolean;
  ready?: boolean;
  deleted?: boolean;
  /** When it finished, as the API writes it, and its exit code. */
  terminated?: [finishedAt: string, exitCode: number];
  /** The run before this one. */
  lastTerminated?: [finishedAt: string, exitCode: number];
  restarts?: number;
}

function podObject({ running, ready, deleted, terminated, lastTerminated, restarts = 0 }: Seen): V1Pod {
  const ended = ([finishedAt, exitCode]: [string, number]) => ({ terminated: { finishedAt, exitCode } });
  const lastState = lastTerminated ? ended(lastTerminated) : {};
  const state = terminated ? ended(terminated) : running ? { running: {} } : { waiting: {} };
  return {
    metadata: { name: 'a', uid: 'u', ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:09Z' } : {}) },
    spec: { nodeName: 'node1', containers: [{ name: 'side' }, { name: 'app' }] },
    status: {
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [
        { name: 'side', state: { running: {} }, restartCount: 0 },
        { name: 'app', state, lastState, restartCount: restarts, ready },
      ],
    },
  } as unknown as V1Pod;
}

/** The record after each state of the pod in turn. */
function recordOf(...seen: Seen[]): PodRecord {
  const [first] = seen as [Seen];
  const record = newPodRecord(podObject(first), 'old', first.atMs, 'app');
  for (const each of seen) notePod(record, podObject(each), each.atMs, fromNodeMs);
  return record;
}

const timeline = (...seen: Seen[]) => podTimeline(recordOf(...seen));

const READY: Seen = { atMs: 1000, running: true, ready: true };
const DELETED: Seen = { atMs: 5000, running: true, ready: true, deleted: true };

describe("a pod's record", () => {
  const table: [what: string, seen: Seen[], facts: Partial<PodTimeline>][] = [
    ['at its creation', [{ atMs: 100 }], { createdMs: 100, node: 'node1', generation: 'old' }],
    [
      'the first time of each milestone',
      [{ atMs: 100 }, { atMs: 500, running: true }, READY, { ...READY, atMs: 2000 }],
      {
        startedMs: 500,
        readyMs: 1000,
      },
    ],
    ['a deletion while it serves', [READY, DELETED], { deletionMs: 5000, notReadyMs: undefined }],
    [
      'readiness lost after its deletion',
      [READY, DELETED, { ...DELETED, atMs: 6000, ready: false }],
      { notReadyMs: 6000 },
    ],
    [
      'losing and regaining readiness is not an end',
      [READY, { atMs: 2000, running: true }, { ...READY, atMs: 3000 }],
      {
        readyMs: 1000,
        notReadyMs: undefined,
      },
    ],
    [
      'an exit: within the second that the API reports',
      [READY, DELETED, { ...DELETED, atMs: 9500, terminated: ['2026-01-01T00:00:07Z', 0] }],
      { exitMs: 7500, exitBoundMs: 500, exitCode: 0, exitSignal: undefined },
    ],
    [
      'an exit that was reported immediately: not after the report',
      [READY, DELETED, { ...DELETED, atMs: 7200, terminated: ['2026-01-01T00:00:07Z', 137] }],
      { exitMs: 7100, exitBoundMs: 100, exitCode: 137, exitSignal: 'SIGKILL' },
    ],
    [
      'an exit in the second of its deletion: not before that',
      [READY, DELETED, { ...DELETED, atMs: 9000, terminated: ['2026-01-01T00:00:04Z', 139] }],
      { exitMs: 5000, exitBoundMs: 0, exitSignal: 'SIGSEGV' },
    ],
    [
      'a restart begins a new run and is not an exit of it',
      [
        READY,
        { ...READY, atMs: 3000, ready: false, terminated: ['2026-01-01T00:00:02Z', 1] },
        { ...READY, atMs: 4000, restarts: 1 },
      ],
      { exitMs: undefined, exitCode: undefined, downtimes: [{ fromMs: 2500, toMs: 4000, boundMs: 500 }] },
    ],
  ];
  for (const [what, seen, facts] of table) {
    test(what, () => {
      const record = timeline(...seen);
      for (const [name, value] of Object.entries(facts))
        assert.deepEqual(record[name as keyof PodTimeline], value, name);
    });
  }
});

test('each run of a container has its own end, even if its end was not observed', () => {
  const { containers } = recordOf(
    READY,
    { ...READY, atMs: 4000, restarts: 1, lastTerminated: ['2026-01-01T00:00:02Z', 137] },
    { ...READY, atMs: 6000, terminated: ['2026-01-01T00:00:05Z', 0], restarts: 1 },
  );
  const runs = containers[1]?.runs.map(({ restarts, endedMs, exitCode, exitSignal }) => [
    restarts,
    endedMs,
    exitCode,
    exitSignal,
  ]);
  assert.deepEqual(runs, [
    [0, 2500, 137, 'SIGKILL'],
    [1, 5500, 0, undefined],
  ]);
  assert.deepEqual(containers[0]?.runs.length, 1, 'the other container has one run');
});

test('a pod that is gone has ended, even if it is unknown how', () => {
  const record = recordOf(READY, DELETED);
  notePodGone(record, 9000);
  const { exitMs, exitCode } = podTimeline(record);
  assert.deepEqual([record.goneMs, exitMs, exitCode], [9000, 9000, undefined]);
});

describe('the termination of a pod whose log is not read', () => {
  const failedAt = (atMs: number): ClusterEvent => ({
    atMs,
    type: 'FailedPreStopHook',
    pod: { uid: 'u', name: 'a' },
    message: 'PreStopHook failed (spec.containers{app})',
  });
  const EXEC = { exec: { command: ['sh', '-c', 'sleep 3'] } };
  const table: [
    what: string,
    preStop: LifecycleHandler | undefined,
    events: ClusterEvent[],
    sigtermMs: number | undefined,
    outcome: string | undefined,
  ][] = [
    ['without a hook: SIGTERM at the deletion', undefined, [], 5000, undefined],
    ['after a sleep', { sleep: { seconds: 3 } }, [], 8000, 'succeeded'],
    ['after a hook of unknown duration: unknown', EXEC, [], undefined, undefined],
    ['after a hook that failed: when that was reported', EXEC, [failedAt(5100)], 5100, 'failed'],
    ['after a hook that outlasted the grace period: at its end', EXEC, [failedAt(16_200)], 15_000, 'outlasted-grace'],
    [
      'the event of another pod is not its own',
      EXEC,
      [{ ...failedAt(5100), pod: { uid: 'v', name: 'b' } }],
      undefined,
      undefined,
    ],
  ];
  for (const [what, preStop, events, sigtermMs, outcome] of table) {
    test(what, () => {
      const containers = [{ name: 'side' }, { name: 'app', ...(preStop && { lifecycle: { preStop } }) }];
      const record = withDueTermination(recordOf(READY, DELETED), { containers, gracePeriodMs: 10_000, events });
      const ended = podTimeline(record);
      assert.deepEqual([ended.sigtermMs, ended.hook?.outcome], [sigtermMs, outcome]);
    });
  }
  test('of a pod that was not deleted: none', () => {
    const record = withDueTermination(recordOf(READY), { containers: [], gracePeriodMs: 10_000, events: [] });
    assert.equal(podTimeline(record).sigtermMs, undefined);
  });
});

describe('the deletion of a pod that logs its stop signal', () => {
  const table: [what: string, signalMs: number | undefined, deletionMs: number][] = [
    ['keeps its time if the signal came later', 5100, 5000],
    ['is moved back to the signal if the watch reported it late', 4850, 4850],
    ['keeps its time if the signal came long before and so had another cause', 2900, 5000],
    ['keeps its time if no signal is known', undefined, 5000],
  ];
  for (const [what, signalMs, deletionMs] of table) {
    test(what, () => {
      const record = recordOf(READY, DELETED);
      for (const container of record.containers) {
        if (container.serves && signalMs !== undefined) container.stopSignalMs = signalMs;
      }
      assert.equal(withDeletionBeforeSignal(record).deletionMs, deletionMs);
    });
  }
  test('stays unknown if it was not deleted', () => {
    assert.equal(withDeletionBeforeSignal(recordOf(READY)).deletionMs, undefined);
  });
});
