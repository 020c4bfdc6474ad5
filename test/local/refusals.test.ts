import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import type { Endpoint, RoutingTable } from '../../src/clusters/cluster.ts';
import { refusedShare, refuseShare } from '../../src/clusters/local/refusals.ts';
import { holdPort } from '../../src/processes/ports.ts';
import { seededRandom } from '../../src/random.ts';
import { startClock } from '../../src/trace/clock.ts';

/** A table from each router's endpoints: '+' serves, '!' refuses, '-' has no network any more. */
function table(...routers: string[]): RoutingTable {
  const endpoint = (state: string): Endpoint => ({
    pod: { uid: state, name: state },
    host: '127.0.0.1',
    port: 8080,
    reachable: state !== '-',
    refuses: state !== '+',
  });
  return {
    headless: false,
    routers: routers.map((states, nth) => ({ name: `node${nth}`, endpoints: [...states].map(endpoint) })),
  };
}

const SHARES: [routers: string[], share: number][] = [
  [[], 0],
  [[''], 0],
  [['+'], 0],
  [['!'], 1],
  [['+!'], 0.5],
  [['+!', '++'], 0.25],
  [['!', '+++'], 0.5],
  [['+-'], 0], // its packets are lost, nobody refuses
];
for (const [routers, share] of SHARES) {
  test(`of connections to ${JSON.stringify(routers)}, ${share} are refused`, () => {
    assert.equal(refusedShare(table(...routers)), share);
  });
}

test('connections are refused for a share of the time', { timeout: 20_000 }, async (t) => {
  const held = await holdPort();
  const address = { host: '127.0.0.1', port: held.port };
  const server = createServer((socket) => socket.end());
  server.listen(address.port, address.host);
  await once(server, 'listening');
  let routes = table('!');
  const failures: Error[] = [];
  const clock = startClock();
  const refusals = refuseShare({
    server,
    address,
    clock,
    random: seededRandom(1),
    routes: () => routes,
    onError: (error) => failures.push(error),
  });
  t.after(() => {
    refusals.stop();
    server.close();
    held.release();
  });
  /** Connects until it succeeds or fails, as asked. */
  const until = async (wanted: string) => {
    for (let seen = ''; seen !== wanted; ) {
      const socket = connect(address);
      seen = await new Promise<string>((resolve) => {
        socket.once('connect', () => resolve('accepted'));
        socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''));
      });
      socket.destroy();
    }
  };
  assert.equal(refusals.resetBetween(0, clock.nowMs()), false);
  await until('ECONNREFUSED');
  assert.equal(refusals.resetBetween(0, clock.nowMs()), true);
  routes = table('+!');
  await until('accepted');
  await until('ECONNREFUSED');
  routes = table('+');
  await until('accepted');
  assert.equal(refusals.resetBetween(-2000, -1000), false);
  assert.deepEqual(failures, []);
});
