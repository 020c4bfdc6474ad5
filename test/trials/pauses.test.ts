/** The load of a control with pauses. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appRequestMix, BEHIND_GATEWAY } from '../../src/load/app-mix.ts';
import { RequestMix, requestScenarios } from '../../src/load/request-mix.ts';
import { BURST, burstTimes, burstTimesAtTicks, pausedLoad } from '../../src/trials/pauses.ts';

const gaps = (times: readonly number[]) => times.slice(1).map((ms, index) => Math.round(ms - (times[index] as number)));

describe('the bursts', () => {
  const table: [limitMs: number, pauses: number, firstMs: number, lastMs: number, seconds: number][] = [
    [1000, 18, 990, 1041, 18],
    [6000, 18, 5990, 6041, 108],
    [12_000, 9, 11_990, 12_041, 108],
    [29_000, 4, 28_990, 29_041, 116],
  ];
  for (const [limitMs, pauses, firstMs, lastMs, seconds] of table) {
    test(`for a limit of ${limitMs} ms: ${pauses} pauses around it, ${seconds} s`, () => {
      const times = burstTimes(limitMs);
      const between = gaps(times);
      assert.deepEqual([between.length, between[0], between.at(-1)], [pauses, firstMs, lastMs]);
      assert.deepEqual(
        between,
        between.toSorted((a, b) => a - b),
      );
      assert.equal(Math.round((times.at(-1) as number) / 1000), seconds);
    });
  }

  test('for a server with ticks come around its ticks, which do not drift, and again after each', () => {
    const times = burstTimesAtTicks(12_000);
    assert.deepEqual(times.slice(0, 3), [200, 11_994, 12_200]);
    assert.deepEqual(times.slice(-2), [9 * 12_000 + 18, 9 * 12_000 + 200]);
  });
});

describe('the load', () => {
  const mix = appRequestMix({ scenarios: BEHIND_GATEWAY });

  test('sends the first request of each method, half of a burst each, on new connections', () => {
    const load = pausedLoad(mix, { ms: 6000 });
    const scenarios = requestScenarios(load?.requestMix ?? { scenarios: [] });
    assert.deepEqual(
      scenarios.map(({ name, method, path, connection, bursts }) => [name, method, path, connection, bursts?.size]),
      [
        ['post', 'POST', '/', 'fresh', BURST / 2],
        ['get', 'GET', '/', 'fresh', BURST / 2],
      ],
    );
    assert.ok(RequestMix.safeParse(load?.requestMix).success, 'a valid request mix');
    assert.deepEqual([load?.bursts, load?.startAtMs], [19, undefined]);
    assert.equal(load?.durationMs, (scenarios[0]?.bursts?.atMs.at(-1) ?? 0) + 500);
  });

  test('begins at a tick of a server that has ticks', () => {
    const load = pausedLoad(mix, { ms: 11_990, ticks: { atMs: 30_000, everyMs: 12_001 } });
    assert.equal(load?.startAtMs, 42_001);
  });

  test('has no bursts if the pods close no idle connection', () => {
    assert.equal(pausedLoad(mix, { ms: undefined }), undefined);
    assert.equal(pausedLoad(mix, { ms: 0 }), undefined);
  });
});
