/** Times that are too long for Node's timers. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { after, delay, every, waitAtMost } from '../../src/timers.ts';

const LONGEST_OF_NODE_MS = 2 ** 31 - 1;

const TIMES_MS = [0, 1, LONGEST_OF_NODE_MS, LONGEST_OF_NODE_MS + 1, 3 * LONGEST_OF_NODE_MS, 2_147_483_646_000];

/** Lets `ms` pass, and runs everything that waits for a promise. */
async function pass(t: TestContext, ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= LONGEST_OF_NODE_MS) {
    t.mock.timers.tick(Math.min(leftMs, LONGEST_OF_NODE_MS));
    await setImmediate();
  }
}

for (const ms of TIMES_MS) {
  test(`after, every and delay wait for ${ms} ms`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const count = { after: 0, every: 0, delay: 0 };
    after(ms, () => count.after++);
    const periodic = every(Math.max(1, ms), () => count.every++);
    void delay(ms).then(() => count.delay++);
    await pass(t, ms - 1);
    if (ms > 0) assert.deepEqual(count, { after: 0, every: 0, delay: 0 });
    await pass(t, 1);
    await setImmediate();
    assert.deepEqual(count, { after: 1, every: 1, delay: 1 });
    await pass(t, Math.max(1, ms));
    assert.deepEqual(count, { after: 1, every: 2, delay: 1 });
    periodic.cancel();
    await pass(t, Math.max(1, ms));
    assert.equal(count.every, 2);
  });
}

test('a cancelled timer does not fire, however long it is', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const fired: number[] = [];
  for (const ms of TIMES_MS) {
    const timer = after(ms, () => fired.push(ms));
    t.mock.timers.tick(Math.min(LONGEST_OF_NODE_MS, ms / 2));
    if (ms > 0) timer.cancel();
  }
  await pass(t, 3 * LONGEST_OF_NODE_MS);
  assert.deepEqual(fired, [0]);
});

test('infinity never fires, and NaN is refused', async (t) => {
  const timer = after(Number.POSITIVE_INFINITY, () => assert.fail('it fired'));
  t.after(() => timer.cancel());
  const aborted = new AbortController();
  const never = delay(Number.POSITIVE_INFINITY, undefined, { signal: aborted.signal });
  aborted.abort();
  await assert.rejects(never, { name: 'AbortError' });
  assert.throws(() => after(Number.NaN, () => {}), RangeError);
  await assert.rejects(delay(Number.NaN), RangeError);
});

describe('waitAtMost', () => {
  test('ends as soon as the promise does, and leaves no timer', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    await waitAtMost(1000, Promise.resolve());
    await waitAtMost(1000, undefined);
    const cleared = t.mock.method(globalThis, 'clearTimeout');
    let end = () => {};
    const waiting = waitAtMost(
      1000,
      new Promise<void>((resolve) => {
        end = resolve;
      }),
    );
    end();
    await waiting;
    assert.equal(cleared.mock.callCount(), 1);
  });

  test('ends after the time, and not before', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let ended = false;
    const waiting = waitAtMost(1000, new Promise(() => {})).then(() => {
      ended = true;
    });
    await pass(t, 999);
    assert.equal(ended, false);
    await pass(t, 1);
    await waiting;
  });

  test('rejects as the promise does, but not once it has ended', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    await assert.rejects(waitAtMost(1000, Promise.reject(new Error('the log ended'))), /^Error: the log ended$/);
    let fail = (_: Error) => {};
    const waiting = waitAtMost(
      1000,
      new Promise((_, reject) => {
        fail = reject;
      }),
    );
    await pass(t, 1000);
    await waiting;
    fail(new Error('too late'));
    await setImmediate(); // an unhandled rejection would fail the test
  });
});
