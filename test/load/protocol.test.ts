/** Servers of every protocol, recognised by one request. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { type Protocol, protocolAdvice, protocolOfBytes, recogniseProtocol } from '../../src/load/builtin/protocol.ts';
import { freePort, HOST, listen } from './raw-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'protocol-'));
after(() => rmSync(folder, { recursive: true }));

/** A self-signed pair, made for this run. */
function selfSigned(): { key: string; cert: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const { status, stderr } = spawnSync('openssl', [
    ...args,
    ...['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost'],
  ]);
  assert.equal(status, 0, String(stderr));
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

async function serve(t: TestContext, server: Server): Promise<Protocol> {
  const port = await freePort();
  server.listen(port, HOST);
  await once(server, 'listening');
  t.after(() => server.close());
  return recogniseProtocol({ host: HOST, port }, '/', 500);
}

async function serveRaw(t: TestContext, onConnection: (socket: Socket) => void): Promise<Protocol> {
  const { port } = await listen(t, onConnection);
  return recogniseProtocol({ host: HOST, port }, '/', 500);
}

test('the first bytes of an answer', () => {
  const cases: [bytes: string | Buffer, expected: string | undefined][] = [
    [Buffer.from('HTTP/1.1 200 OK\r\n'), 'http1'],
    [Buffer.from('HTTP/1.0 404 Not Found\r\n'), 'http1'],
    [Buffer.from('HTTP/1.1 2'), undefined],
    // SETTINGS with nothing in it, and with one setting
    ['000000040000000000', 'http2'],
    ['000006040000000000000300000064', 'http2'],
    // GOAWAY, as netty sends it
    ['0000080700000000000000000000000001', 'http2'],
    // the first bytes of a SETTINGS frame
    ['00000004', undefined],
    // DATA on stream 1 is no beginning
    ['000000000000000001ffffff', 'other'],
    ['15030300020228', 'tls'],
    ['1503010002020a', 'tls'],
    ['1503', undefined],
    [Buffer.from('-ERR unknown command\r\n'), 'other'],
    [Buffer.from(''), undefined],
  ];
  for (const [bytes, expected] of cases) {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes;
    assert.equal(protocolOfBytes(buffer)?.protocol, expected, buffer.toString('hex'));
  }
});

describe('a server of', () => {
  for (const status of [200, 302, 400, 404, 426, 503]) {
    test(`HTTP/1.1 that answers ${status}`, async (t) => {
      const server = http.createServer((_, response) => response.writeHead(status).end('x'));
      assert.deepEqual(await serve(t, server), { protocol: 'http1', status });
    });
  }

  test('HTTP/1.1 that answers slowly is not called anything else', async (t) => {
    const found = await serve(t, http.createServer().on('request', () => {}) as Server);
    assert.deepEqual(found, { protocol: 'unknown', what: 'no response within 0.5 s' });
  });

  test('HTTP/2 only', async (t) => {
    const server = http2.createServer((_, response) => response.end('x'));
    assert.deepEqual(await serve(t, server as unknown as Server), { protocol: 'http2' });
  });

  test('HTTP/2 only that closes an HTTP/1.1 request without a word', async (t) => {
    const found = await serveRaw(t, (socket) => {
      socket.once('data', (chunk: Buffer) => {
        if (!chunk.toString('latin1').startsWith('PRI * HTTP/2.0')) return socket.destroy();
        socket.write(Buffer.from('000000040000000000', 'hex'));
      });
    });
    assert.deepEqual(found, { protocol: 'http2' });
  });

  test('HTTP/2 only that answers 400 to HTTP/1.1', async (t) => {
    const inner = http2.createServer((_, response) => response.end('x'));
    const found = await serveRaw(t, (socket) => {
      socket.once('data', (chunk: Buffer) => {
        if (chunk[0] !== 'P'.charCodeAt(0)) return socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
        socket.pause();
        socket.unshift(chunk);
        inner.emit('connection', socket);
      });
    });
    assert.deepEqual(found, { protocol: 'http2' });
  });

  test('TLS', async (t) => {
    const server = https.createServer(selfSigned(), (_, response) => response.end('x'));
    assert.deepEqual(await serve(t, server), { protocol: 'tls' });
  });

  test('TLS that wants a certificate of its clients', async (t) => {
    const options = { ...selfSigned(), requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' } as const;
    assert.deepEqual(await serve(t, https.createServer(options)), { protocol: 'tls' });
  });

  test('TLS with HTTP/2', async (t) => {
    assert.deepEqual(await serve(t, http2.createSecureServer(selfSigned()) as unknown as Server), { protocol: 'tls' });
  });

  test('TLS that answers 400 to plain HTTP', async (t) => {
    const inner = https.createServer(selfSigned());
    const found = await serveRaw(t, (socket) => {
      socket.once('data', (chunk: Buffer) => {
        if (chunk[0] !== 0x16) return socket.end('HTTP/1.0 400 Bad Request\r\n\r\nHTTP request to an HTTPS server\n');
        socket.pause();
        socket.unshift(chunk);
        inner.emit('connection', socket);
      });
    });
    assert.deepEqual(found, { protocol: 'tls' });
  });

  test('something else', async (t) => {
    assert.deepEqual(await serveRaw(t, (socket) => socket.write('-ERR unknown command\r\n')), {
      protocol: 'other',
      answer: '-ERR unknown command\r\n',
    });
    assert.deepEqual(await serveRaw(t, (socket) => socket.end('hello')), { protocol: 'other', answer: 'hello' });
    assert.deepEqual(await serveRaw(t, (socket) => socket.destroy()), {
      protocol: 'unknown',
      what: 'the connection was closed without a response',
    });
    assert.deepEqual(await recogniseProtocol({ host: HOST, port: await freePort() }, '/', 500), {
      protocol: 'unknown',
      what: 'the connection was refused',
    });
  });
});

test('advice where this program cannot measure, and none where it can', () => {
  assert.match(protocolAdvice({ protocol: 'http2' }) ?? '', /^it speaks HTTP\/2 only.* --port$/);
  assert.match(protocolAdvice({ protocol: 'tls' }) ?? '', /^it speaks TLS only.* --port$/);
  assert.equal(
    protocolAdvice({ protocol: 'other', answer: '-ERR\r\n' }),
    'it does not speak HTTP (it answered a GET with "-ERR\\r\\n"): name its HTTP port with --port',
  );
  assert.equal(protocolAdvice({ protocol: 'http1', status: 200 }), undefined);
  assert.equal(protocolAdvice({ protocol: 'unknown', what: 'x' }), undefined);
});
