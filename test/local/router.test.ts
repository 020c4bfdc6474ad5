import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Router, type Routing } from '../../src/clusters/local/router.ts';
import { usableEndpoints } from '../../src/kubernetes-rules/usable-endpoints.ts';
import type { Random } from '../../src/random.ts';
import { endpointsOf, fakeTime } from './fake-node.ts';

interface Delays {
  /** The delays of successive updates, in ms; the last one repeats. */
  slices?: number[];
  /** The durations of successive syncs, in ms. */
  syncs?: number[];
}

/** A router with the given delays, and the endpoints in its rules over time: '110: a b'. */
function routed(t: TestContext, { slices = [100], syncs = [10] }: Delays = {}) {
  const time = fakeTime(t);
  const views: string[] = [];
  const routing: Routing = {
    endpointSliceMs: slices,
    syncMs: syncs,
    minSyncPeriodMs: 1000,
    choose: usableEndpoints,
  };
  const inTurn = new Map<readonly number[], number>();
  const random: Pick<Random, 'draw'> = {
    draw(samples) {
      const turn = inTurn.get(samples) ?? 0;
      inTurn.set(samples, turn + 1);
      return samples[Math.min(turn, samples.length - 1)] ?? Number.NaN;
    },
  };
  const router = new Router('node1', time, random as Random, routing, ({ name, view }) => {
    assert.equal(name, 'node1');
    views.push(`${time.nowMs()}: ${view.map(({ pod }) => pod.name).join(' ')}`);
  });
  const update = (endpoints: string, gapMs?: number) => router.update(endpointsOf(endpoints), gapMs);
  return { router, views, update, pass: time.pass };
}

describe("a node's router", () => {
  test('has no endpoints at first, and applies a change after its delays', async (t) => {
    const { router, views, update, pass } = routed(t);
    assert.deepEqual(router.view, []);
    update('a:ready b:ready');
    await pass(109);
    assert.deepEqual(router.view, []);
    await pass(1);
    assert.deepEqual(views, ['110: a b']);
  });

  test('applies a further update of the same step a second later, if it arrives during the sync', async (t) => {
    const { views, update, pass } = routed(t, { slices: [100, 150], syncs: [40] });
    update('a:ready b:ready c:ready');
    await pass(2000);
    update('a:terminating b:ready c:ready');
    await pass(20);
    update('a:terminating b:terminating c:ready', 20);
    await pass(3000);
    assert.deepEqual(views, ['140: a b c', '2190: b c', '3230: c']);
  });

  test('learns of changes of one moment together, so the second one does not wait for another sync', async (t) => {
    const { views, update, pass } = routed(t, { slices: [100, 150] });
    update('a:ready b:ready');
    await pass(2000);
    update('a:terminating b:ready');
    update('a:terminating b:terminating');
    await pass(2000);
    assert.deepEqual(views, ['110: a b', '2160: a b']);
  });

  test('syncs at most once per minSyncPeriod, counted from the end of a sync, so the second of two changes waits', async (t) => {
    const { views, update, pass } = routed(t);
    update('a:ready b:ready');
    await pass(50);
    update('a:terminating b:ready');
    await pass(2000);
    assert.deepEqual(views, ['110: a b', '1120: b']);
  });

  test('applies only the newest of several states that arrive between two syncs', async (t) => {
    const { views, update, pass } = routed(t);
    for (const state of ['a:ready', 'a:ready b:unready', 'a:ready b:ready', 'a:terminating b:ready']) {
      update(state);
      await pass(200);
    }
    await pass(3000);
    assert.deepEqual(views, ['110: a', '1120: b']);
  });

  test('applies a change long after the last one without waiting', async (t) => {
    const { views, update, pass } = routed(t);
    update('a:ready');
    await pass(5000);
    update('b:ready');
    await pass(200);
    assert.deepEqual(views, ['110: a', '5110: b']);
  });

  test('receives changes in order, even if a later one has a shorter delay', async (t) => {
    const { views, update, pass } = routed(t, { slices: [500, 10] });
    update('a:ready');
    await pass(100);
    update('b:ready');
    await pass(3000);
    assert.deepEqual(views, ['510: b'], 'both arrive at 500 and the newer one wins');
  });

  test('does not return to an older state after a long sync', async (t) => {
    const { router, views, update, pass } = routed(t, { syncs: [1500, 10] });
    update('a:ready');
    await pass(200);
    update('b:ready');
    await pass(5000);
    assert.deepEqual(
      router.view.map(({ pod }) => pod.name),
      ['b'],
      views.join(', '),
    );
  });

  test('does not change its rules once it is stopped', async (t) => {
    const { router, views, update, pass } = routed(t);
    update('a:ready');
    await pass(105);
    router.stop();
    await pass(3000);
    assert.deepEqual(views, []);
  });
});
