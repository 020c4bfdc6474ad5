/**
 * The StatefulSet controller's next step: 0+ is a new available pod, 0o an old available one, * terminating, ?
 * unavailable. Created pods have + or o too: of the current template or of the one before.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type OrdinalPod,
  type StatefulSetRules,
  statefulSetStep,
} from '../../src/kubernetes-rules/stateful-set-update.ts';

function pod(text: string): OrdinalPod {
  return {
    ordinal: Number.parseInt(text, 10),
    updated: text.includes('+'),
    available: !text.includes('?'),
    terminating: text.includes('*'),
  };
}

const PARALLEL = { podManagementPolicy: 'Parallel' };

const table: [what: string, rules: Partial<StatefulSetRules>, pods: string, step: string][] = [
  ['creates only the first pod', {}, '', 'create 0+'],
  ['waits until it is available', {}, '0+?', ''],
  ['then creates the next', {}, '0+', 'create 1+'],
  ['creates all at once with Parallel', PARALLEL, '', 'create 0+ 1+ 2+'],
  ['deletes the highest ordinal first', {}, '0o 1o 2o', 'delete 2'],
  ['waits while it terminates', {}, '0o 1o 2o*', ''],
  ['creates its replacement once it is gone', {}, '0o 1o', 'create 2+'],
  ['waits until the replacement is available', {}, '0o 1o 2+?', ''],
  ['continues with the next', {}, '0o 1o 2+', 'delete 1'],
  ['is done when all pods are new', {}, '0+ 1+ 2+', ''],
  ['is blocked by an old pod that is not available', {}, '0o? 1o 2o', ''],
  ['is blocked by it with Parallel too, because it counts against maxUnavailable', PARALLEL, '0o? 1o 2o', ''],
  ['replaces one pod at a time with Parallel too', PARALLEL, '0o 1o 2o*', ''],
  ['waits for a replacement with Parallel too', PARALLEL, '0o 1o 2+?', ''],
  ['a broken new pod blocks its own replacement', {}, '0o 1o 2o?', ''],
  ['partition: pods below it stay', { partition: 2 }, '0o 1o 2+', ''],
  ['partition: pods from it on are replaced', { partition: 1 }, '0o 1o 2+', 'delete 1'],
  ['partition: a lost pod below it gets the template before', { partition: 2 }, '0o 2+', 'create 1o'],
  ['partition: of all pods, nothing is replaced', { partition: 3 }, '0o 1o 2o', ''],
  ['maxUnavailable 2: two at once', { maxUnavailable: 2 }, '0o 1o 2o', 'delete 2 1'],
  ['maxUnavailable 2: one is missing already', { ...PARALLEL, maxUnavailable: 2 }, '0o 1o 2o*', 'delete 1'],
  ['maxUnavailable 2: OrderedReady waits while one terminates', { maxUnavailable: 2 }, '0o 1o 2o*', ''],
  ['maxUnavailable 2: OrderedReady creates one at a time', { maxUnavailable: 2 }, '0o', 'create 1+'],
  ['maxUnavailable 2: Parallel creates both', { ...PARALLEL, maxUnavailable: 2 }, '0o', 'create 1+ 2+'],
  ['fewer replicas: the highest ordinal is deleted first', { replicas: 1 }, '0+ 1+ 2+', 'delete 2'],
  ['fewer replicas: one at a time', { replicas: 1 }, '0+ 1+ 2+*', ''],
  ['fewer replicas: then the next', { replicas: 1 }, '0+ 1+', 'delete 1'],
  ['fewer replicas: all at once with Parallel', { ...PARALLEL, replicas: 1 }, '0+ 1+ 2+', 'delete 2 1'],
  ['fewer replicas: waits for an unready pod that stays', { replicas: 2 }, '0+ 1+? 2+', ''],
  ['fewer replicas: an unready surplus pod above another unready one waits', { replicas: 1 }, '0+ 1+? 2+?', ''],
  ['fewer replicas: the only unready surplus pod does not wait', { replicas: 1 }, '0+ 1+ 2+?', 'delete 2'],
];
describe('a StatefulSet of three', () => {
  for (const [what, rules, pods, expected] of table) {
    test(what, () => {
      const all = { replicas: 3, podManagementPolicy: 'OrderedReady', partition: 0, maxUnavailable: 1, ...rules };
      const step = statefulSetStep(all, pods.split(' ').filter(Boolean).map(pod));
      const created = step.create.map(({ ordinal, updated }) => `${ordinal}${updated ? '+' : 'o'}`);
      const parts = [
        ...(created.length > 0 ? [`create ${created.join(' ')}`] : []),
        ...(step.delete.length > 0 ? [`delete ${step.delete.join(' ')}`] : []),
      ];
      assert.equal(parts.join(' '), expected);
    });
  }
});
