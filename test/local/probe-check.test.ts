/** Probes and httpGet hooks against real servers, as the kubelet sends them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { dialAddress } from '../../src/clusters/local/dial.ts';
import { runHook } from '../../src/clusters/local/hook.ts';
import { probeCheck } from '../../src/clusters/local/probe-check.ts';
import { probeWithDefaults } from '../../src/kubernetes-rules/defaults.ts';
import type * as Written from '../../src/kubernetes-rules/written-objects.ts';
import { holdPort } from '../../src/processes/ports.ts';

const HOST = '127.0.0.1';
const NEVER = new AbortController().signal;

async function listening(t: TestContext, server: Server): Promise<number> {
  const { port, release } = await holdPort();
  server.listen(port, HOST);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
    release();
  });
  return port;
}

const http = (t: TestContext, listener: RequestListener) => listening(t, createServer(listener));

function tls(t: TestContext, listener: RequestListener): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'probe-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const pair = ['-keyout', keyFile, '-out', certFile, '-subj', '/CN=somebody.else'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const made = spawnSync('openssl', ['req', '-x509', ...curve, '-nodes', '-days', '1', ...pair]);
  assert.equal(made.status, 0, String(made.stderr));
  return listening(t, createTlsServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, listener));
}

/** A container whose port names are in `names`. */
const container = (names: Record<string, number> = {}) => ({
  portOf: (port: number | string) => (typeof port === 'string' ? names[port] : port),
  dial: (port: number, signal: AbortSignal) => dialAddress({ host: HOST, port }, signal),
  exec: async () => undefined,
});
const check = (probe: Written.Probe, names?: Record<string, number>) =>
  probeCheck(probeWithDefaults(probe), container(names))(NEVER);

describe('an httpGet probe', () => {
  const table: [status: number, success: boolean][] = [
    [200, true],
    [302, true],
    [399, true],
    [400, false],
    [503, false],
  ];
  for (const [status, success] of table) {
    test(`${success ? 'succeeds' : 'fails'} with status ${status}`, async (t) => {
      const port = await http(t, (_, response) => response.writeHead(status).end());
      assert.equal(await check({ httpGet: { port } }), success);
    });
  }

  test('sends the path, the headers of the manifest and those of the kubelet', async (t) => {
    const asked: unknown[] = [];
    const port = await http(t, ({ url, headers }, response) => {
      asked.push([url, headers.host, headers['user-agent'], headers.accept, headers['x-probe']]);
      response.end();
    });
    const plain = { port: 'admin', path: '/health?deep=1' };
    const own = [
      { name: 'Host', value: 'shop.example' },
      { name: 'User-Agent', value: 'me' },
      { name: 'X-Probe', value: 'yes' },
    ];
    assert.equal(await check({ httpGet: plain }, { admin: port }), true);
    assert.equal(await check({ httpGet: { ...plain, httpHeaders: own } }, { admin: port }), true);
    assert.equal(await check({ httpGet: { port: plain.port, path: 'no-slash' } }, { admin: port }), true);
    assert.equal((asked.pop() as unknown[])[0], '/no-slash');
    assert.deepEqual(asked, [
      ['/health?deep=1', `${HOST}:${port}`, 'kube-probe/1.34', '*/*', undefined],
      ['/health?deep=1', 'shop.example', 'me', '*/*', 'yes'],
    ]);
  });

  test('follows redirects within the pod, and takes one to another host as a success', async (t) => {
    const port = await http(t, ({ url }, response) => {
      const to: Record<string, string> = { '/': '/login', '/away': 'https://login.example/', '/loop': '/loop' };
      const location = to[url ?? ''];
      if (location === undefined) response.writeHead(url === '/login' ? 500 : 200).end();
      else response.writeHead(302, { location }).end();
    });
    const at = (path: string) => check({ httpGet: { port, path } });
    assert.deepEqual([await at('/'), await at('/away'), await at('/loop')], [false, true, false]);
  });

  test('accepts any certificate', async (t) => {
    const port = await tls(t, (_, response) => response.end());
    assert.equal(await check({ httpGet: { port, scheme: 'HTTPS' } }), true);
    assert.equal(await check({ httpGet: { port } }), false);
  });

  test('fails for a port name that the container does not have, and if nothing listens', async (t) => {
    assert.equal(await check({ httpGet: { port: 'other' } }), false);
    const { port, release } = await holdPort();
    t.after(release);
    assert.equal(await check({ httpGet: { port } }), false);
    assert.equal(await check({ tcpSocket: { port } }), false);
  });
});

test('a tcpSocket probe succeeds if the port accepts', async (t) => {
  assert.equal(await check({ tcpSocket: { port: await http(t, () => {}) } }), true);
});

describe('an httpGet hook', () => {
  const hook = (httpGet: { port: number; scheme?: string }) => {
    const exited = new Promise(() => {});
    const handler = { httpGet: { path: '/', scheme: 'HTTP', ...httpGet } };
    return runHook(handler, { ...container(), exited }, NEVER, NEVER);
  };

  test('succeeds with any status, also over TLS with any certificate', async (t) => {
    const agents: unknown[] = [];
    const answer: RequestListener = ({ headers }, response) => {
      agents.push(headers['user-agent']);
      response.writeHead(500).end();
    };
    const plain = await http(t, answer);
    assert.deepEqual(await hook({ port: plain }), { outcome: 'succeeded' });
    assert.deepEqual(await hook({ port: await tls(t, answer), scheme: 'HTTPS' }), { outcome: 'succeeded' });
    assert.deepEqual(await hook({ port: plain, scheme: 'HTTPS' }), { outcome: 'succeeded' }, 'tried again without TLS');
    assert.deepEqual(agents, ['kube-lifecycle/1.34', 'kube-lifecycle/1.34', 'kube-lifecycle/1.34']);
  });

  test('fails if nothing listens', async (t) => {
    const { port, release } = await holdPort();
    t.after(release);
    assert.deepEqual(await hook({ port }), { outcome: 'failed', detail: 'ECONNREFUSED' });
  });
});
