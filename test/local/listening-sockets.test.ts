import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { CAN_SEE_SOCKETS, PortWatch, parseListener } from '../../src/processes/listening-sockets.ts';

const LISTENS =
  '   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 812350 1 0000000010cd7f9b 100 0 0 10 0';

test('a line of the table is a listening socket, or none', () => {
  assert.deepEqual(parseListener(LISTENS), { address: '0100007F', port: 8000 });
  assert.equal(parseListener(LISTENS.replace(' 0A ', ' 01 ')), undefined);
  assert.equal(parseListener(''), undefined);
});

describe('a watched port', { skip: !CAN_SEE_SOCKETS && 'needs /proc/net/tcp' }, () => {
  for (const [address, loopback] of [
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['::1', '::1'],
    ['::', '127.0.0.1'],
  ] as const) {
    test(`is reached through ${loopback} while something listens on ${address}`, async () => {
      const server = createServer().listen(0, address);
      await once(server, 'listening');
      const watch = new PortWatch((server.address() as { port: number }).port);
      assert.equal(watch.loopback(), loopback);
      assert.equal(watch.loopback(), loopback, 'the second look begins with the family of the first');
      server.close();
      await once(server, 'close');
      assert.equal(watch.loopback(), undefined);
    });
  }
});
