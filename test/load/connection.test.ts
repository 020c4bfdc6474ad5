import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { Connection, type Outcome } from '../../src/load/builtin/connection.ts';
import { within } from '../app/within.ts';
import { delivered, freePort, HOST, listen, onRequest, response } from './raw-server.ts';

const REQUEST = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi';

/** A connection, with what was said of it. */
function open(t: TestContext, port: number) {
  let unusable = 0;
  let onUnusable = () => {};
  const becameUnusable = new Promise<void>((resolve) => {
    onUnusable = resolve;
  });
  const connection = new Connection(HOST, port, () => {
    unusable++;
    onUnusable();
  });
  t.after(() => connection.close());
  return {
    connection,
    /** How many times it was said to be unusable. */
    get unusable() {
      return unusable;
    },
    becameUnusable: () => within(2000, 'the connection is unusable', becameUnusable),
    /** Sends a request; fails where it ends more than once. */
    send(request = REQUEST): Promise<Outcome> {
      let ends = 0;
      const outcome = new Promise<Outcome>((resolve) =>
        connection.send(request, (ended) => {
          ends++;
          resolve(ended);
        }),
      );
      t.after(() => assert.equal(ends, 1, 'a request ends once'));
      return within(2000, 'the end of the request', outcome);
    },
  };
}

const words = ({ phase, bytesReceived, head, error }: Outcome) =>
  [phase, bytesReceived, head?.status, error?.name].filter((word) => word !== undefined).join(' ');

/** An answer to every request. */
const always = (answer: (socket: Socket, nth: number) => void) => (socket: Socket) =>
  onRequest(socket, (_line, _head, nth) => answer(socket, nth));

const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf';

describe('how a request ends', () => {
  /** Phase, bytes received, status, error; and whether the connection may be used again. */
  const table: [what: string, serve: (socket: Socket) => void, outcome: string, reusable: boolean][] = [
    ['a whole response', always((socket) => socket.write(response())), 'receive 41 200', true],
    ['an error status', always((socket) => socket.write(response(503))), 'receive 41 503', true],
    [
      'a response that closes',
      always((socket) => socket.write(response(200, 'Connection: close'))),
      'receive 60 200',
      false,
    ],
    ['a response until the end', always((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nok')), 'receive 21 200', false],
    ['extra bytes', always((socket) => socket.write(`${response()}extra`)), 'receive 46 200', false],
    ['a reset at the request', always((socket) => socket.resetAndDestroy()), 'wait 0 ECONNRESET', false],
    [
      'a reset within the response',
      always((socket) => socket.write(HALF, () => delivered().then(() => socket.resetAndDestroy()))),
      'receive 43 200 ECONNRESET',
      false,
    ],
    ['an end before the response', always((socket) => socket.end()), 'wait 0 closed', false],
    ['an end at once', (socket) => socket.resume().end(), 'wait 0 closed', false],
    ['an end within the head', always((socket) => socket.end('HTTP/1.1 2')), 'receive 10 closed', false],
    ['an end within the body', always((socket) => socket.end(HALF)), 'receive 43 200 closed', false],
    ['something that is not HTTP', always((socket) => socket.write('hello\r\n\r\n')), 'receive 9 protocol', false],
  ];
  for (const [what, serve, outcome, reusable] of table) {
    test(`${what}: ${outcome}${reusable ? ', and the next can follow' : ''}`, async (t) => {
      const { port, sockets } = await listen(t, serve);
      const client = open(t, port);
      assert.equal(words(await client.send()), outcome);
      if (reusable) {
        assert.equal(words(await client.send()), outcome);
        assert.deepEqual([client.connection.uses, client.unusable, sockets.length], [2, 0, 1]);
      } else {
        await client.becameUnusable();
        assert.equal(client.unusable, 1);
      }
    });
  }

  test('refused: connect 0 ECONNREFUSED', async (t) => {
    const client = open(t, await freePort());
    assert.equal(words(await client.send()), 'connect 0 ECONNREFUSED');
    assert.equal(client.unusable, 1);
  });

  test('the detail of an error says where the connection closed', async (t) => {
    const early = await listen(
      t,
      always((socket) => socket.end()),
    );
    const late = await listen(
      t,
      always((socket) => socket.end(HALF)),
    );
    const details = [await open(t, early.port).send(), await open(t, late.port).send()].map(
      ({ error }) => error?.detail,
    );
    assert.deepEqual(details, ['closed before the response', 'closed within the response']);
  });
});

describe('a request that is given up ends as told, in the phase it has reached:', () => {
  const give = (client: ReturnType<typeof open>) => client.connection.abandon('timeout', 'too late');

  test('connect', async (t) => {
    const { port } = await listen(t, () => {});
    const client = open(t, port);
    const ended = client.send();
    give(client);
    assert.equal(words(await ended), 'connect 0 timeout');
  });

  test('send, when the other side does not read', async (t) => {
    const { port, accepted } = await listen(t, (socket) => socket.pause());
    const client = open(t, port);
    const ended = client.send('x'.repeat(32 * 1024 * 1024));
    await within(2000, 'the connection at the server', accepted);
    await delivered();
    give(client);
    assert.equal(words(await ended), 'send 0 timeout');
  });

  test('wait', async (t) => {
    const requests = new EventEmitter();
    const arrived = within(2000, 'the request at the server', once(requests, 'request'));
    const { port } = await listen(
      t,
      always(() => requests.emit('request')),
    );
    const client = open(t, port);
    const ended = client.send();
    await arrived;
    give(client);
    const error = { name: 'timeout', detail: 'too late' };
    assert.deepEqual(await ended, { phase: 'wait', bytesReceived: 0, head: undefined, error });
    assert.equal(client.unusable, 1);
  });

  test('receive', async (t) => {
    const responses = new EventEmitter();
    const written = within(2000, 'half the response', once(responses, 'written'));
    const { port } = await listen(
      t,
      always((socket) => socket.write(HALF, () => responses.emit('written'))),
    );
    const client = open(t, port);
    const ended = client.send();
    await written;
    await delivered();
    give(client);
    assert.equal(words(await ended), 'receive 43 200 timeout');
  });

  test('and the server sees the connection go', async (t) => {
    const { port, accepted } = await listen(t, (socket) => socket.resume());
    const client = open(t, port);
    const ended = client.send();
    const socket = await within(2000, 'the connection at the server', accepted);
    give(client);
    await ended;
    await within(2000, 'the close at the server', once(socket, 'close'));
  });
});

describe('an idle connection', () => {
  const served = async (t: TestContext) => {
    const { port, sockets } = await listen(
      t,
      always((socket) => socket.write(response())),
    );
    const client = open(t, port);
    await client.send();
    return { client, socket: sockets[0] as Socket };
  };

  const table: [what: string, happens: (socket: Socket) => void][] = [
    ['that the server closes', (socket) => socket.end()],
    ['that the server resets', (socket) => socket.resetAndDestroy()],
    ['on which the server says something', (socket) => socket.write(response(408))],
  ];
  for (const [what, happens] of table) {
    test(`${what} is unusable, which is said once`, async (t) => {
      const { client, socket } = await served(t);
      assert.equal(client.unusable, 0);
      happens(socket);
      await client.becameUnusable();
      if (!socket.closed) await within(2000, 'the close at the server', once(socket, 'close'));
      assert.equal(client.unusable, 1);
    });
  }

  test('that is closed here ends in order at the server', async (t) => {
    const { client, socket } = await served(t);
    const closed = once(socket, 'close');
    client.connection.close();
    const [hadError] = await within(2000, 'the close at the server', closed);
    assert.deepEqual([hadError, client.unusable], [false, 0]);
  });
});
