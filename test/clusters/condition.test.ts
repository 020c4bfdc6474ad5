/** Waits for conditions. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Conditions, within as deadline, type Waiting } from '../../src/clusters/condition.ts';
import { within } from '../app/within.ts';

const waiting = (properties: Partial<Waiting> = {}): Waiting => ({
  signal: new AbortController().signal,
  leftMs: deadline(60_000),
  stuck: () => new Error('stuck'),
  ...properties,
});

describe('a wait', () => {
  test('ends when its condition holds', async () => {
    const conditions = new Conditions();
    let held = false;
    const wait = conditions.until(() => held, waiting());
    held = true;
    conditions.wake();
    await within(1000, 'the wait', wait);
  });

  test('fails at its deadline without any event', async () => {
    const wait = new Conditions().until(() => false, waiting({ leftMs: deadline(20) }));
    await assert.rejects(within(1000, 'the wait', wait), /^Error: stuck$/);
  });

  test('continues if its deadline was moved', async () => {
    let leftMs = deadline(20);
    const conditions = new Conditions();
    const endsAtMs = performance.now() + 100;
    const wait = conditions.until(() => false, waiting({ leftMs: () => leftMs() }));
    leftMs = deadline(100);
    conditions.wake();
    await assert.rejects(within(1000, 'the wait', wait), /^Error: stuck$/);
    assert.ok(performance.now() >= endsAtMs - 1);
  });

  for (const [what, ms] of [
    ['none', Number.POSITIVE_INFINITY],
    ['longer than a timer can be', 2_147_483_647_000],
  ] as const) {
    test(`whose deadline is ${what} does not fail immediately`, async () => {
      const conditions = new Conditions();
      let looks = 0;
      const wait = conditions.until(
        () => {
          looks++;
          return false;
        },
        waiting({ leftMs: deadline(ms) }),
      );
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.equal(looks, 1);
      conditions.fail(new Error('enough'));
      await assert.rejects(wait, /^Error: enough$/);
    });
  }

  test('ends on abort, with its reason', async () => {
    const abort = new AbortController();
    const wait = new Conditions().until(() => false, waiting({ signal: abort.signal }));
    abort.abort(new Error('interrupted'));
    await assert.rejects(within(1000, 'the wait', wait), /^Error: interrupted$/);
  });
});
