import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SliceUpdates } from '../../src/clusters/local/slice-updates.ts';
import { seededRandom } from '../../src/random.ts';
import { fakeTime } from './fake-node.ts';

/** Updates with that gap, and when each was published: '5' for a first one, '25+20' for one that follows after 20 ms. */
function updates(t: TestContext, gapMs: number) {
  const time = fakeTime(t);
  const published: string[] = [];
  const slices = new SliceUpdates({
    clock: time,
    random: seededRandom(1),
    gapsMs: [gapMs],
    publish: (gap) => published.push(gap === 0 ? String(time.nowMs()) : `${time.nowMs()}+${gap}`),
  });
  return { slices, published, pass: time.pass };
}

test('changes at different times are published at once', async (t) => {
  const { slices, published, pass } = updates(t, 20);
  slices.change();
  await pass(5);
  slices.change();
  assert.deepEqual(published, ['0', '5']);
});

test('of one step, the first change may be published alone, and the others together after it', async (t) => {
  const { slices, published, pass } = updates(t, 20);
  for (let pods = 0; pods < 4; pods++) slices.change();
  await pass(100);
  assert.deepEqual(published, ['0', '20+20']);
});

test('a later step takes along what has not been published', async (t) => {
  const { slices, published, pass } = updates(t, 20);
  slices.change();
  slices.change();
  await pass(10);
  slices.change();
  await pass(100);
  assert.deepEqual(published, ['0', '10']);
});

test('without a gap, all changes of a step are published at the same time', (t) => {
  const { slices, published } = updates(t, 0);
  slices.change();
  slices.change();
  assert.deepEqual(published, ['0', '0']);
});

test('nothing is published after the end', async (t) => {
  const { slices, published, pass } = updates(t, 20);
  slices.change();
  slices.change();
  slices.stop();
  await pass(100);
  assert.deepEqual(published, ['0']);
});
