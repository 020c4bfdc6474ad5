/** How long a pod keeps an idle connection, with servers that close at times of their own. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
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
    signal: t.signal,
  });
  return { limit, sockets };
}

describe('the idle limit', { concurrency: 4 }, () => {
  test('is the time from the response to the close', async (t) => {
    const { limit, sockets } = await limitOf(t, (end) => setTimeout(end, 500));
    // The response and the close may both be seen late on a busy machine.
    assert.ok(limit !== undefined && limit > 300 && limit < 1500, `${limit}`);
    assert.equal(sockets.length, 2);
  });

  test('is unknown if the connection is open after the cap', async (t) => {
    const { limit, sockets } = await limitOf(t, () => {});
    assert.equal(limit, undefined);
    assert.equal(sockets.length, 2);
  });

  test('is 0 if the response ends the connection', async (t) => {
    const { limit } = await limitOf(t, (end) => end(), ['Connection: close']);
    assert.equal(limit, 0);
  });
});
