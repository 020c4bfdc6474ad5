import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { endianness } from 'node:os';
import { describe, test } from 'node:test';
import { CAN_SEE_SOCKETS, hostsOf, PortWatch, parseListener } from '../../src/processes/listening-sockets.ts';
import { freePort } from '../load/raw-server.ts';

const LISTENS =
  '   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 812350 1 0000000010cd7f9b 100 0 0 10 0';

test('a line of the table is parsed if it is a listening socket', () => {
  assert.deepEqual(parseListener(LISTENS), { address: '0100007F', port: 8000 });
  assert.equal(parseListener(LISTENS.replace(' 0A ', ' 01 ')), undefined);
  assert.equal(parseListener(''), undefined);
});

test('the addresses that reach a listening socket', {
  skip: endianness() !== 'LE' && 'the table is in the byte order of the machine',
}, () => {
  for (const [hex, hosts] of [
    ['0100007F', ['127.0.0.1']],
    ['0200007F', ['127.0.0.2']],
    ['00000000', ['127.0.0.1']],
    ['0500000A', ['10.0.0.5']],
    ['0000000000000000FFFF00000100007F', ['127.0.0.1']],
    ['0000000000000000FFFF00000300007F', ['127.0.0.3']],
    ['0000000000000000FFFF000000000000', ['127.0.0.1']],
    ['00000000000000000000000000000000', ['127.0.0.1', '::1']],
    ['00000000000000000000000001000000', ['::1']],
    ['000080FE00000000FF005450B6BE6FFE', ['fe80:0:0:0:5054:ff:fe6f:beb6']],
  ] as const) {
    assert.deepEqual(hostsOf(hex), hosts, hex);
  }
});

describe('a watched port', { skip: !CAN_SEE_SOCKETS && 'needs /proc/net/tcp' }, () => {
  for (const [address, host] of [
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.2'],
    ['0.0.0.0', '127.0.0.1'],
    ['::1', '::1'],
    ['::', '127.0.0.1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::ffff:127.0.0.2', '127.0.0.2'],
    ['::ffff:0.0.0.0', '127.0.0.1'],
  ] as const) {
    test(`is reached at ${host} while something listens on ${address}`, async () => {
      const server = createServer((socket) => socket.end()).listen(await freePort(), address);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const watch = new PortWatch(port);
      assert.equal(watch.host(), host);
      assert.equal(watch.host(), host, 'the second check begins with the family of the first');
      const client = connect({ host, port });
      await once(client, 'connect');
      client.destroy();
      server.close();
      await once(server, 'close');
      assert.equal(watch.host(), undefined);
    });
  }
});
