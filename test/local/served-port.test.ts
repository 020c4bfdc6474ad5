import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { ServedPort } from '../../src/clusters/local/served-port.ts';
import { CAN_SEE_SOCKETS } from '../../src/processes/listening-sockets.ts';
import { delay } from '../../src/timers.ts';
import { freePort } from '../load/raw-server.ts';

test('a server listens from when it opens its port until it closes it', {
  skip: !CAN_SEE_SOCKETS && 'needs /proc/net/tcp',
  timeout: 20_000,
}, async (t) => {
  const number = await freePort();
  let closed = 0;
  const port = new ServedPort({ port: number, network: () => undefined, onClosed: () => closed++ });
  t.after(() => port.ended());
  const until = async (listens: boolean) => {
    while (port.listens !== listens) await delay(1);
  };
  port.started();
  assert.equal(port.listens, false);
  const server = createServer().listen(number, '127.0.0.1');
  await once(server, 'listening');
  await until(true);
  port.stopping();
  assert.deepEqual([port.listens, closed], [true, 0]);
  server.close();
  await until(false);
  assert.equal(closed, 1);
});

test('a server that has ended does not listen', () => {
  const port = new ServedPort({ port: 1, network: () => undefined, onClosed: () => assert.fail('it was not stopped') });
  port.note('listens');
  assert.equal(port.listens, true);
  port.ended();
  assert.equal(port.listens, false);
});
