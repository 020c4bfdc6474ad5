/**
 * The DaemonSet controller's next step on nodes a, b and c: a+ is a new available pod on node a, ao an old available
 * one, * terminating, ? unavailable.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { daemonSetStep } from '../../src/kubernetes-rules/daemon-set-update.ts';

function pod(text: string) {
  return {
    text,
    node: text.slice(0, 1),
    updated: text.includes('+'),
    available: !text.includes('?'),
    terminating: text.includes('*'),
  };
}

/** maxSurge and maxUnavailable in pods. */
type Limits = [surge: number, unavailable: number];

const table: [what: string, limits: Limits, pods: string, step: string][] = [
  ['each node gets a pod', [0, 1], '', 'create a b c'],
  ['one old pod is deleted', [0, 1], 'ao bo co', 'delete ao'],
  ['no other one while it terminates', [0, 1], 'ao* bo co', ''],
  ['its node gets a pod once it is gone', [0, 1], 'bo co', 'create a'],
  ['no other one before that pod is available', [0, 1], 'a+? bo co', ''],
  ['then the next', [0, 1], 'a+ bo co', 'delete bo'],
  ['done', [0, 1], 'a+ b+ c+', ''],
  ['two at a time', [0, 2], 'ao bo co', 'delete ao bo'],
  ['two at a time: one is missing', [0, 2], 'ao* bo co', 'delete bo'],
  ['an unavailable old pod is deleted in addition', [0, 1], 'ao bo? co', 'delete bo? ao'],
  ['surge: the new pod comes first', [1, 0], 'ao bo co', 'create a'],
  ['surge: the old one stays until it is available', [1, 0], 'ao a+? bo co', ''],
  ['surge: then it is deleted, and the next node has its turn', [1, 0], 'ao a+ bo co', 'create b delete ao'],
  ['surge: an unavailable old pod gets its successor in addition', [1, 0], 'ao bo? co', 'create b a'],
  ['surge: two at a time', [2, 0], 'ao bo co', 'create a b'],
  ['surge: a lost pod is created first', [1, 0], 'ao bo', 'create c'],
  ['surge: done', [1, 0], 'a+ b+ c+', ''],
];
describe('a DaemonSet on three nodes', () => {
  for (const [what, [maxSurge, maxUnavailable], pods, expected] of table) {
    test(`${what}: ${pods || 'no pods'}`, () => {
      const existing = pods.split(' ').filter(Boolean).map(pod);
      const step = daemonSetStep(['a', 'b', 'c'], { maxSurge, maxUnavailable }, existing);
      const parts = [
        ...(step.create.length > 0 ? [`create ${step.create.join(' ')}`] : []),
        ...(step.delete.length > 0 ? [`delete ${step.delete.map(({ text }) => text).join(' ')}`] : []),
      ];
      assert.equal(parts.join(' '), expected);
    });
  }
});
