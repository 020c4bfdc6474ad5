/** How long a pod keeps an idle connection, with servers that close at times of their own. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { startClock } from '../../src/trace/clock.ts';
import { idleLimit } from '../../src/trials/idle-limit.ts';
import { HOST, listen, onRequest, response } from '../load/raw-server.ts';
import { MIX } from './scripted.ts';

/** The limit of a pod that gets to know each of its connections after a request. */
async function limitOf(t: TestContext, onIdle: (end: () => void) => void, headers: string[] = []) {
  const { port, sockets } = await listen(t, (socket) => {
    onRequest(socket, () => {
      socket.write(response(200, ...headers));
      onIdle(() => socket.end());
    });
  });
  const limit = await idleLimit({
    pod: { pod: { uid: 'u1', name: 'web-1' }, host: HOST, port, reachable: true },
    request: MIX.scenarios[0] as never,
    capMs: 2000,
    clock: startClock(),
    signal: t.signal,
  });
  return { limit, sockets };
}

describe('the idle limit', { concurrency: 4 }, () => {
  test('is the time from the response to the close', async (t) => {
    const { limit, sockets } = await limitOf(t, (end) => setTimeout(end, 500));
    assert.ok(limit.ms !== undefined && limit.ms > 480 && limit.ms < 690, JSON.stringify(limit));
    assert.equal(limit.ticks, undefined);
    assert.equal(sockets.length, 4, 'watched twice');
  });

  test('of a server with ticks is the longer one, from tick to tick', async (t) => {
    // Every 800 ms, all that is open is closed; the first watch begins between two ticks.
    const open = new Set<() => void>();
    const startedMs = performance.now() - 400;
    const tick = () => {
      for (const end of open) end();
      open.clear();
      timer = setTimeout(tick, 800 - ((performance.now() - startedMs) % 800));
    };
    let timer = setTimeout(tick, 400);
    t.after(() => clearTimeout(timer));
    const { limit } = await limitOf(t, (end) => open.add(end));
    assert.ok(limit.ms !== undefined && limit.ms > 650 && limit.ms <= 900, JSON.stringify(limit));
    const { everyMs = 0 } = limit.ticks ?? {};
    assert.ok(everyMs > 700 && everyMs < 900, JSON.stringify(limit));
  });

  test('is unknown if the connection is open after the cap', async (t) => {
    const { limit, sockets } = await limitOf(t, () => {});
    assert.deepEqual(limit, { ms: undefined });
    assert.equal(sockets.length, 2);
  });

  test('is 0 if the response ends the connection', async (t) => {
    const { limit } = await limitOf(t, (end) => end(), ['Connection: close']);
    assert.deepEqual(limit, { ms: 0 });
  });
});
