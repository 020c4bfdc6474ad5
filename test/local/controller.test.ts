/** The controller's waits, with pods reduced to their conditions and a clock that advances at every reading. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { Controller } from '../../src/clusters/local/controller.ts';
import type { Pod } from '../../src/clusters/local/pod.ts';
import { within } from '../app/within.ts';
import { manifests } from '../engine/manifests.ts';

test('a pod that becomes available between two readings of the clock does not block the rollout', async () => {
  let nowMs = 0;
  const events = new EventEmitter();
  const made: { ready: boolean; readySinceMs: number | undefined; terminating: boolean }[] = [];
  const controller = new Controller(manifests({ minReadySeconds: 1 }).workload, ['node1'], {
    createPod({ generation, node }) {
      const pod = {
        record: { generation, node, name: generation, createdMs: nowMs, containers: [] },
        ready: false,
        readySinceMs: undefined as number | undefined,
        terminating: false,
        gone: false,
        start: () => Promise.resolve(),
        delete() {
          this.terminating = true;
          events.emit('deleted', generation);
          return Promise.resolve();
        },
      };
      made.push(pod);
      events.emit('made');
      return pod as unknown as Pod;
    },
    nowMs: () => {
      nowMs += 0.6;
      return nowMs;
    },
    startedAtEpochMs: 0,
    uidOf: () => 0,
    stepDelayMs: () => 0,
    onStep: () => {},
    onError: (error) => events.emit('error', error),
  });
  const becomeReady = (index: number) => {
    const pod = made[index];
    assert.ok(pod, `there is no pod ${index}`);
    pod.ready = true;
    pod.readySinceMs = nowMs;
  };

  const first = once(events, 'made');
  controller.reconcile();
  await first;
  becomeReady(0);
  const second = once(events, 'made');
  controller.beginDisruption();
  controller.changeTemplate();
  await second;
  const deleted = once(events, 'deleted');
  becomeReady(1);
  nowMs += 998; // the next readings are at 998.6, 999.2, …
  controller.reconcile();
  assert.deepEqual(await within(2000, 'the deletion of the old pod', deleted), ['old']);
  controller.stop();
});
