/** The offsets of the pods' clocks, measured through the API server's proxy. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { PodClocks } from '../../src/clusters/kubernetes/pod-clocks.ts';
import { within } from '../app/within.ts';
import { cut, type Fault, html, refuse } from './api-server/faults.ts';
import { readyPod } from './api-server/objects.ts';
import { type ProxyAnswer, startApiServer } from './api-server/server.ts';

const AT_ONCE = { concurrency: true };
const epochMs = () => performance.timeOrigin + performance.now();

async function measured(t: TestContext, answer: (asked: number) => ProxyAnswer | undefined, fault?: Fault) {
  const { server, api } = await startApiServer(t);
  let asked = 0;
  server.proxy = () => answer(++asked);
  if (fault) server.fault(fault);
  const pod = server.store.put(readyPod('a')) as unknown as V1Pod;
  const clocks = new PodClocks(api);
  await within(20_000, 'the measurement', clocks.measure(pod, new AbortController().signal));
  return { clocks, asked, pod };
}

const time = (skewMs: number): ProxyAnswer => ({
  status: 404,
  headers: { 'x-server-time': String(epochMs() + skewMs) },
});

describe("a pod's clock", AT_ONCE, () => {
  for (const skewMs of [0, 5000, -86_400_000]) {
    test(`that is ${skewMs} ms ahead is measured within the reported bound`, async (t) => {
      const { clocks, pod } = await measured(t, () => time(skewMs));
      const { offsetMs, boundMs } = clocks.of('a') ?? { offsetMs: Number.NaN, boundMs: Number.NaN };
      assert.ok(Math.abs(offsetMs - skewMs) <= boundMs + 0.01, `${offsetMs} ± ${boundMs}`);
      assert.equal(clocks.boundMs, boundMs);
      await clocks.measure(pod, new AbortController().signal); // measures no pod twice
    });
  }

  test('that is adjusted meanwhile has the later offset', async (t) => {
    const { clocks } = await measured(t, (asked) => time(asked <= 10 ? 0 : 60_000));
    assert.ok(Math.abs((clocks.of('a')?.offsetMs ?? 0) - 60_000) < 1000);
  });

  const unknown: [what: string, answer: () => ProxyAnswer | undefined][] = [
    ['if it does not report its time', () => ({ status: 200 })],
    ['if the header is empty', () => ({ headers: { 'x-server-time': '' } })],
    ['if the header is not a number', () => ({ headers: { 'x-server-time': 'noon' } })],
    ['if it cannot be reached', () => undefined],
  ];
  for (const [what, answer] of unknown) {
    test(`is unknown ${what}`, async (t) => {
      const { clocks } = await measured(t, answer);
      assert.deepEqual([clocks.of('a'), clocks.boundMs], [undefined, undefined]);
    });
  }

  const faults: [what: string, does: Fault['does']][] = [
    ['connections that are cut', cut()],
    ['HTML', html(502)],
    ['refusals', refuse(429, 'too many requests')],
  ];
  for (const [what, does] of faults) {
    test(`is measured even if some responses are ${what}`, async (t) => {
      const { clocks } = await measured(t, () => time(7000), { path: /proxy/, times: 5, does });
      assert.ok(Math.abs((clocks.of('a')?.offsetMs ?? 0) - 7000) < 1000);
    });
  }

  test('is not measured without a port or after the end of the trial', async (t) => {
    const { server, api } = await startApiServer(t);
    const clocks = new PodClocks(api);
    const pod = (name: string, ports: number[]) => server.store.put(readyPod(name, { ports })) as unknown as V1Pod;
    await clocks.measure(pod('none', []), new AbortController().signal);
    await clocks.measure(pod('late', [8080]), AbortSignal.abort());
    assert.deepEqual(server.requests(/proxy/), []);
  });
});
