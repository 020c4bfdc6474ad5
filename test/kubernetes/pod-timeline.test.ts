import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { newPodRecord, notePod, withDueSigterm } from '../../src/clusters/kubernetes/pod-timeline.ts';
import type { LifecycleHandler } from '../../src/kubernetes-rules/objects.ts';
import type { PodRecord } from '../../src/trace/trace.ts';

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
}

function podObject({ running, ready, deleted, terminated }: Seen): V1Pod {
  const state = terminated
    ? { terminated: { finishedAt: terminated[0], exitCode: terminated[1] } }
    : running
      ? { running: {} }
      : { waiting: {} };
  return {
    metadata: { name: 'a', ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:09Z' } : {}) },
    spec: { nodeName: 'node1' },
    status: {
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [{ state }],
    },
  } as unknown as V1Pod;
}

/** What the record says after each sight of the pod in turn. */
function timeline(...seen: Seen[]): PodRecord {
  const [first] = seen as [Seen];
  const record = newPodRecord('a', podObject(first), 'old', first.atMs);
  for (const each of seen) notePod(record, podObject(each), each.atMs, fromNodeMs);
  return record;
}

const READY: Seen = { atMs: 1000, running: true, ready: true };
const DELETED: Seen = { atMs: 5000, running: true, ready: true, deleted: true };

describe("a pod's record", () => {
  const table: [what: string, seen: Seen[], facts: Partial<PodRecord>][] = [
    ['when it is made', [{ atMs: 100 }], { createdMs: 100, node: 'node1', generation: 'old' }],
    [
      'the first time each thing is seen',
      [{ atMs: 100 }, { atMs: 500, running: true }, READY, { ...READY, atMs: 2000 }],
      {
        startedMs: 500,
        readyMs: 1000,
      },
    ],
    ['deletion while it serves', [READY, DELETED], { deletionMs: 5000, notReadyMs: undefined }],
    [
      'readiness lost after its deletion',
      [READY, DELETED, { ...DELETED, atMs: 6000, ready: false }],
      { notReadyMs: 6000 },
    ],
    [
      'readiness lost and found is no end',
      [READY, { atMs: 2000, running: true }, { ...READY, atMs: 3000 }],
      {
        readyMs: 1000,
        notReadyMs: undefined,
      },
    ],
    [
      'an exit: within the second that the API tells',
      [READY, DELETED, { ...DELETED, atMs: 9500, terminated: ['2026-01-01T00:00:07Z', 0] }],
      { exitMs: 7500, exitBoundMs: 500, exitCode: 0, exitSignal: undefined },
    ],
    [
      'an exit that was heard of at once: not after that',
      [READY, DELETED, { ...DELETED, atMs: 7200, terminated: ['2026-01-01T00:00:07Z', 137] }],
      { exitMs: 7100, exitBoundMs: 100, exitCode: 137, exitSignal: 'SIGKILL' },
    ],
    [
      'an exit in the second of its deletion: not before that',
      [READY, DELETED, { ...DELETED, atMs: 9000, terminated: ['2026-01-01T00:00:04Z', 139] }],
      { exitMs: 5000, exitBoundMs: 0, exitSignal: 'SIGSEGV' },
    ],
    [
      'a restart is no exit',
      [READY, { ...READY, atMs: 3000, terminated: ['2026-01-01T00:00:02Z', 1] }],
      {
        exitMs: undefined,
        exitCode: undefined,
      },
    ],
  ];
  for (const [what, seen, facts] of table) {
    test(what, () => {
      const record = timeline(...seen);
      for (const [name, value] of Object.entries(facts)) assert.equal(record[name as keyof PodRecord], value, name);
    });
  }
});

describe('when SIGTERM was due', () => {
  const deleted: PodRecord = { name: 'a', generation: 'old', node: 'n', createdMs: 0, deletionMs: 5000 };
  const table: [what: string, preStop: LifecycleHandler | undefined, dueMs: number | undefined][] = [
    ['without a hook: at the deletion', undefined, 5000],
    ['after a sleep', { sleep: { seconds: 3 } }, 8000],
    ['after a hook that takes its own time: unknown', { exec: { command: ['sh', '-c', 'sleep 3'] } }, undefined],
  ];
  for (const [what, preStop, dueMs] of table) {
    test(what, () => assert.equal(withDueSigterm(deleted, preStop).sigtermMs, dueMs));
  }
  test('of a pod that nobody deleted: never', () => {
    const { deletionMs, ...alive } = deleted;
    assert.equal(withDueSigterm(alive, undefined).sigtermMs, undefined);
  });
});
