/** A measurement counts only if nothing but the disruption affected the pods. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { droppedPod } from '../../tools/events/untouched-pods.ts';
import { DELETED, pod, trace, view } from '../analysis/story.ts';

const PODS = [pod('old-1', DELETED.drained), pod('old-2'), pod('new-1')];
const table: [what: string, views: string[], dropped: string | undefined][] = [
  ['a deleted pod is dropped', ['a 0: old-1 old-2', 'a 1500: old-2', 'a 1600: old-2 new-1'], undefined],
  ['another one is dropped', ['a 0: old-1 old-2', 'a 1500: old-1', 'a 1600: old-1 old-2'], 'old-2'],
  ['another one is dropped after the load', ['a 0: old-1 old-2', 'a 99000: old-1'], undefined],
  ['each router has its own view', ['a 0: old-2', 'b 0: old-1', 'a 900: old-2 old-1'], undefined],
];
for (const [what, views, dropped] of table) {
  test(what, () => assert.equal(droppedPod(trace({ pods: PODS, routerViews: views.map(view) })), dropped));
}

test('the pod whose container was killed is dropped', () => {
  const routerViews = ['a 0: old-1 old-2', 'a 1500: old-1'].map(view);
  assert.equal(
    droppedPod(trace({ pods: PODS, routerViews, disruption: { kind: 'restart', pod: 'old-2' } })),
    undefined,
  );
});
