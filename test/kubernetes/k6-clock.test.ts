/** The clock of a k6 in a pod, by the Date header of its REST API. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { k6Clock } from '../../src/load/k6/k6-clock.ts';
import { within } from '../app/within.ts';
import { readyPod } from './api-server/objects.ts';
import { type ProxyAnswer, startApiServer } from './api-server/server.ts';

const epochMs = () => performance.timeOrigin + performance.now();

async function measured(t: TestContext, answer: () => ProxyAnswer | undefined) {
  const { server, api } = await startApiServer(t);
  server.proxy = answer;
  const { namespace = '' } = server.store.put(readyPod('load')).metadata;
  return within(20_000, 'the measurement', k6Clock(api, namespace, 'load', new AbortController().signal));
}

describe("k6's clock", { concurrency: true }, () => {
  for (const skewMs of [0, 400, -86_400_000]) {
    test(`that is ${skewMs} ms ahead is measured within the reported bound, although the header has whole seconds`, async (t) => {
      const offset = await measured(t, () => ({ headers: { date: new Date(epochMs() + skewMs).toUTCString() } }));
      const { offsetMs, boundMs } = offset ?? { offsetMs: Number.NaN, boundMs: Number.NaN };
      // toUTCString cuts to seconds as Go does. The clock of this process has fractions of a millisecond.
      assert.ok(Math.abs(offsetMs - skewMs) <= boundMs + 1, `${offsetMs} ± ${boundMs}`);
      assert.ok(boundMs < 500, `${boundMs} is not better than the header's resolution`);
    });
  }

  test('is unknown if it does not respond', async (t) => {
    assert.equal(await measured(t, () => undefined), undefined);
  });

  test('is unknown without the header', async (t) => {
    assert.equal(await measured(t, () => ({ headers: { date: 'noon' } })), undefined);
  });
});
