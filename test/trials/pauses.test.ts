/** The load of a control with pauses. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appRequestMix, BEHIND_GATEWAY } from '../../src/load/app-mix.ts';
import { RequestMix, requestScenarios } from '../../src/load/request-mix.ts';
import { BURST, burstTimes, pausedLoad } from '../../src/trials/pauses.ts';

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
});

describe('the load', () => {
  const mix = appRequestMix({ scenarios: BEHIND_GATEWAY });

  test('sends the first request of each method, half of a burst each, on new connections', () => {
    const load = pausedLoad(mix, 6000);
    const scenarios = requestScenarios(load?.requestMix ?? { scenarios: [] });
    assert.deepEqual(
      scenarios.map(({ name, method, path, connection, bursts }) => [name, method, path, connection, bursts?.size]),
      [
        ['post', 'POST', '/', 'fresh', BURST / 2],
        ['get', 'GET', '/', 'fresh', BURST / 2],
      ],
    );
    assert.ok(RequestMix.safeParse(load?.requestMix).success, 'a valid request mix');
    assert.equal(load?.bursts, 19);
    assert.equal(load?.durationMs, (scenarios[0]?.bursts?.atMs.at(-1) ?? 0) + 500);
  });

  test('has no bursts if the pods close no idle connection', () => {
    assert.equal(pausedLoad(mix, undefined), undefined);
    assert.equal(pausedLoad(mix, 0), undefined);
  });
});
