import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Arrivals, BurstArrivals, ConstantArrivals } from '../../src/load/builtin/schedule.ts';

function takeAll(arrivals: Arrivals, nowMs: number): number[] {
  const taken: number[] = [];
  for (let planned = arrivals.take(nowMs); planned !== undefined; planned = arrivals.take(nowMs)) taken.push(planned);
  return taken;
}

describe('arrivals at a constant rate', () => {
  test('begin at the start and come one interval apart', () => {
    const arrivals = new ConstantArrivals(100, 20);
    assert.deepEqual(takeAll(arrivals, 99.9), []);
    assert.deepEqual(takeAll(arrivals, 250), [100, 150, 200, 250]);
    assert.deepEqual([arrivals.taken, arrivals.nextMs], [4, 300]);
  });

  test('are given out once each, late ones with the time they were planned for', () => {
    const arrivals = new ConstantArrivals(0, 10);
    assert.deepEqual([arrivals.take(0), arrivals.take(0)], [0, undefined]);
    assert.deepEqual(takeAll(arrivals, 350), [100, 200, 300]);
    assert.deepEqual(takeAll(arrivals, 350), []);
  });

  for (const rate of [3, 7, 333.3, 20_000]) {
    test(`do not drift: ${rate} a second are that many an hour later`, () => {
      const arrivals = new ConstantArrivals(0, rate);
      arrivals.taken = Math.round(3600 * rate);
      assert.ok(Math.abs(arrivals.nextMs - 3_600_000) <= 500 / rate + 1e-6, `${arrivals.nextMs}`);
    });
  }

  test('keep their rate however irregularly they are asked for', () => {
    const arrivals = new ConstantArrivals(0, 200);
    const taken = [0.3, 17, 17.1, 400, 401, 9999.9].flatMap((nowMs) => takeAll(arrivals, nowMs));
    assert.deepEqual(
      taken,
      Array.from({ length: 2000 }, (_, index) => index * 5),
    );
  });
});

describe('arrivals in bursts', () => {
  const bursts = { size: 3, atMs: [0, 6010, 12_025.5] };
  const table: [nowMs: number, taken: number[], nextMs: number][] = [
    [99.9, [], 100],
    [100, [100, 100, 100], 6110],
    [6109.9, [], 6110],
    [6200, [6110, 6110, 6110], 12_125.5],
    [99_999, [12_125.5, 12_125.5, 12_125.5], Number.POSITIVE_INFINITY],
    [999_999, [], Number.POSITIVE_INFINITY],
  ];
  test('come at once at each of their times, and then no more', () => {
    const arrivals = new BurstArrivals(100, bursts);
    for (const [nowMs, taken, nextMs] of table) {
      assert.deepEqual([takeAll(arrivals, nowMs), arrivals.nextMs], [taken, nextMs], `${nowMs}`);
    }
    assert.equal(arrivals.taken, 9);
  });

  test('are all given out if nobody asked for a while', () => {
    const arrivals = new BurstArrivals(0, bursts);
    assert.deepEqual(takeAll(arrivals, 7000), [0, 0, 0, 6010, 6010, 6010]);
  });
});
