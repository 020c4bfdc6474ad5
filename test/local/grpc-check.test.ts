/** grpc probes against servers that speak HTTP/2 and the health protocol. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { dialAddress } from '../../src/clusters/local/dial.ts';
import { grpcServes, requestMessage, servingStatus } from '../../src/clusters/local/grpc-check.ts';
import { holdPort } from '../../src/processes/ports.ts';

const HOST = '127.0.0.1';

/** Answers every call like this, and gives its request. */
async function healthServer(
  t: TestContext,
  answer: (stream: ServerHttp2Stream, request: Buffer, path: string) => void,
) {
  const { port, release } = await holdPort();
  const server = createServer();
  server.on('session', (session) => t.after(() => session.destroy()));
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {}); // the client has gone, or this test has reset the stream
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => answer(stream as ServerHttp2Stream, Buffer.concat(chunks), String(headers[':path'])));
  });
  server.listen(port, HOST);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    release();
  });
  return port;
}

function respond(stream: ServerHttp2Stream, status: number, grpcStatus = '0'): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': grpcStatus }));
  stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, status]));
}

const dial = (port: number, signal: AbortSignal) => dialAddress({ host: HOST, port }, signal);
const check = (port: number, service?: string, signal = AbortSignal.timeout(5000)) =>
  grpcServes({ port, service }, dial, signal);

describe('a grpc probe', () => {
  test('succeeds if the answer is SERVING, and asks for the service', async (t) => {
    const asked: string[] = [];
    const port = await healthServer(t, (stream, request, path) => {
      asked.push(`${path} ${request.toString('hex')}`);
      respond(stream, 1);
    });
    assert.equal(await check(port, 'shop'), true);
    assert.equal(await check(port), true);
    assert.deepEqual(asked, [
      '/grpc.health.v1.Health/Check 00000000060a0473686f70',
      '/grpc.health.v1.Health/Check 0000000000',
    ]);
  });

  const failing: [what: string, answer: (stream: ServerHttp2Stream) => void][] = [
    ['is NOT_SERVING', (stream) => respond(stream, 2)],
    ['is an error, with a message', (stream) => respond(stream, 1, '5')],
    [
      'is that there is no such method, in the headers alone',
      (stream) => stream.respond({ ':status': 200, 'grpc-status': '12' }, { endStream: true }),
    ],
    ['has no status', (stream) => stream.respond({ ':status': 404 }, { endStream: true })],
    ['is a reset', (stream) => stream.close(2)],
    ['closes the connection', (stream) => stream.session?.destroy()],
  ];
  for (const [what, answer] of failing) {
    test(`fails if the answer ${what}`, async (t) => {
      assert.equal(await check(await healthServer(t, answer)), false);
    });
  }

  test('fails if nothing listens, or the server speaks something else', async (t) => {
    const { port, release } = await holdPort();
    t.after(release);
    assert.equal(await check(port), false);
    const server = createTcpServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    server.listen(port, HOST);
    await once(server, 'listening');
    t.after(() => server.close());
    assert.equal(await check(port), false);
  });

  test('fails at its timeout', async (t) => {
    const timeout = new AbortController();
    const port = await healthServer(t, () => timeout.abort());
    assert.equal(await check(port, '', timeout.signal), false);
  });
});

test('messages: a long name has a length of two bytes, and no field is UNKNOWN', () => {
  assert.equal(requestMessage('x'.repeat(200)).subarray(0, 8).toString('hex'), '00000000cb0ac801');
  assert.equal(servingStatus(Buffer.from([0, 0, 0, 0, 0])), 0);
});
