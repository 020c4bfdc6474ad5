/** Which pods of a ReplicaSet are deleted first. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DeletablePod, deletionOrder } from '../../src/kubernetes-rules/deletion-order.ts';

const NOW_MS = 1_800_000_000_000;

/** A pod that has been ready for `readyS` seconds and exists for a second more. */
function pod(name: string, state: Partial<DeletablePod> & { readyS?: number } = {}) {
  const { readyS = 1000, ...same } = state;
  const readySinceMs = NOW_MS - readyS * 1000;
  const createdMs = readySinceMs - 1000;
  return { name, running: true, ready: true, readySinceMs, createdMs, sharingNode: 1, restarts: 0, uid: 5, ...same };
}

const table: [what: string, pods: ReturnType<typeof pod>[], order: string][] = [
  [
    'pending before unready before ready',
    [pod('ready'), pod('unready', { ready: false }), pod('pending', { running: false, ready: false })],
    'pending unready ready',
  ],
  [
    'on crowded nodes before others, whatever the age',
    [pod('old', { readyS: 9000, sharingNode: 2 }), pod('young', { readyS: 1 })],
    'old young',
  ],
  ['unready before crowded', [pod('crowded', { sharingNode: 3 }), pod('unready', { ready: false })], 'unready crowded'],
  ['the youngest first', [pod('old', { readyS: 4000 }), pod('young', { readyS: 1000 })], 'young old'],
  [
    'about the same age (the same power of two, in ns): by uid',
    [pod('a', { readyS: 1100, uid: 9 }), pod('b', { readyS: 1700, uid: 1 })],
    'b a',
  ],
  [
    'restarts count only for pods that became ready in the same second',
    [pod('steady', { uid: 1 }), pod('restarted', { restarts: 2, uid: 2 })],
    'restarted steady',
  ],
  [
    'the creation counts only for pods that became ready in the same second',
    [pod('old', { createdMs: NOW_MS - 9_000_000, uid: 1 }), pod('young', { createdMs: NOW_MS - 1_001_000, uid: 2 })],
    'young old',
  ],
  ['nothing differs: by uid', [pod('a', { uid: 2 }), pod('b', { uid: 1 })], 'b a'],
  ['ready just now', [pod('old'), pod('now', { readyS: 0 })], 'now old'],
];

describe('surplus pods are deleted', () => {
  for (const [what, pods, order] of table) {
    test(what, () => {
      for (const input of [pods, pods.toReversed()]) {
        assert.equal(
          deletionOrder(input, NOW_MS)
            .map(({ name }) => name)
            .join(' '),
          order,
        );
      }
    });
  }
});
