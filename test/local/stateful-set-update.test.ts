/**
 * The StatefulSet controller's next step: 0+ is a new available pod, 0o an old available one, * terminating, ?
 * unavailable.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type OrdinalPod, statefulSetStep } from '../../src/kubernetes-rules/stateful-set-update.ts';

function pod(text: string): OrdinalPod {
  return {
    ordinal: Number.parseInt(text, 10),
    updated: text.includes('+'),
    available: !text.includes('?'),
    terminating: text.includes('*'),
  };
}

const table: [what: string, policy: string, pods: string, step: string][] = [
  ['creates only the first pod', 'OrderedReady', '', 'create 0'],
  ['waits until it is available', 'OrderedReady', '0+?', ''],
  ['then creates the next', 'OrderedReady', '0+', 'create 1'],
  ['creates all at once with Parallel', 'Parallel', '', 'create 0 1 2'],
  ['deletes the highest ordinal first', 'OrderedReady', '0o 1o 2o', 'delete 2'],
  ['waits while it terminates', 'OrderedReady', '0o 1o 2o*', ''],
  ['creates its replacement once it is gone', 'OrderedReady', '0o 1o', 'create 2'],
  ['waits until the replacement is available', 'OrderedReady', '0o 1o 2+?', ''],
  ['continues with the next', 'OrderedReady', '0o 1o 2+', 'delete 1'],
  ['is done when all pods are new', 'OrderedReady', '0+ 1+ 2+', ''],
  ['is blocked by an old pod that is not available', 'OrderedReady', '0o? 1o 2o', ''],
  ['is not blocked by it with Parallel', 'Parallel', '0o? 1o 2o', 'delete 2'],
  ['replaces one pod at a time with Parallel too', 'Parallel', '0o 1o 2o*', ''],
  ['waits for a replacement with Parallel too', 'Parallel', '0o 1o 2+?', ''],
];
describe('a StatefulSet of three', () => {
  for (const [what, policy, pods, expected] of table) {
    test(what, () => {
      const step = statefulSetStep(3, policy, pods.split(' ').filter(Boolean).map(pod));
      const created = step.create.length > 0 ? `create ${step.create.join(' ')}` : '';
      assert.equal(step.delete === undefined ? created : `${created}delete ${step.delete}`, expected);
    });
  }
});
