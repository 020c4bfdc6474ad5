import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Conditions } from '../../src/clusters/condition.ts';

/** What Node's timers can hold; a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const waiting = (deadlineMs: number) => ({
  signal: new AbortController().signal,
  deadlineMs,
  stuck: () => new Error('stuck'),
});

describe('a wait', () => {
  for (const deadlineMs of [LONGEST_TIMER_MS * 1000, Number.POSITIVE_INFINITY]) {
    test(`with a deadline of ${deadlineMs} ms is as long as a timer can be`, async (t) => {
      const timers = t.mock.method(AbortSignal, 'timeout');
      const conditions = new Conditions();
      let holds = false;
      const wait = conditions.until(() => holds, waiting(deadlineMs));
      assert.deepEqual(timers.mock.calls[0]?.arguments, [LONGEST_TIMER_MS]);
      holds = true;
      conditions.wake();
      await wait;
    });
  }

  test('ends at its deadline with what is stuck', async () => {
    await assert.rejects(
      new Conditions().until(() => false, waiting(1)),
      /^Error: stuck$/,
    );
  });
});
