import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Relist } from '../../src/clusters/local/relist.ts';

describe("the time to a node's next relist", () => {
  const table: [periodMs: number, phase: number, nowMs: number, untilNextMs: number][] = [
    [1000, 0, 0, 1000],
    [1000, 0, 1, 999],
    [1000, 0, 999, 1],
    [1000, 0, 5000, 1000],
    [1000, 0.25, 0, 750],
    [1000, 0.25, 750, 1000],
    [1000, 0.25, 800, 950],
    [0, 0.5, 123, 0],
  ];
  for (const [periodMs, phase, nowMs, untilNextMs] of table) {
    test(`every ${periodMs} ms, phase ${phase}, at ${nowMs}: ${untilNextMs}`, () => {
      assert.equal(new Relist(periodMs, phase).untilNextMs(nowMs), untilNextMs);
    });
  }

  test('a relist is not waited for twice', async () => {
    const relist = new Relist(20, 0.37);
    const { signal } = new AbortController();
    const periods: number[] = [];
    for (let i = 0; i < 30; i++) {
      await relist.next(signal);
      periods.push(Math.floor((performance.now() + 0.37 * 20) / 20));
    }
    assert.equal(new Set(periods).size, periods.length);
  });

  test('a wait ends with the trial', async () => {
    await assert.rejects(new Relist(60_000, 0).next(AbortSignal.timeout(1)), /abort|timeout/i);
  });
});
