import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Hono } from 'hono';
import { createApp } from '../../app/app.ts';
import { gracefulFetch } from '../../app/graceful-fetch.ts';
import { Lifecycle } from '../../app/lifecycle.ts';
import { RequestIds } from '../../app/request-ids.ts';
import { readSettings } from '../../app/settings.ts';

let lifecycle: Lifecycle;
let app: Hono;
let logged: [event: string, fields: unknown][];

beforeEach(() => {
  lifecycle = new Lifecycle();
  lifecycle.ready();
  logged = [];
  app = createApp({
    settings: readSettings({ POD_NAME: 'pod-1', APP_VERSION: '1.2.3' }),
    lifecycle,
    requestIds: new RequestIds(),
    runtime: { name: 'node', version: '26.10.0' },
    log: (event, fields) => logged.push([event, fields]),
  });
});

async function get(path: string, init?: RequestInit): Promise<Response> {
  // Served as by a runtime.
  return gracefulFetch(app.fetch, lifecycle)(new Request(`http://pod-1${path}`, init));
}
const post = (path: string, body: string) => get(path, { method: 'POST', body });

describe('routes', () => {
  const replies: [method: string, path: string, status: number, body: unknown][] = [
    ['GET', '/', 200, { pod: 'pod-1', receivedBytes: 0 }],
    ['GET', '/delay/1', 200, { pod: 'pod-1', receivedBytes: 0, delayedMs: 1 }],
    ['GET', '/delay/60001', 400, { error: 'ms must be a whole number from 0 to 60000, not "60001"' }],
    ['GET', '/delay/-1', 400, { error: 'ms must be a whole number from 0 to 60000, not "-1"' }],
    ['GET', '/delay/soon', 400, { error: 'ms must be a whole number from 0 to 60000, not "soon"' }],
    ['GET', '/stream?chunks=0', 400, { error: 'chunks must be a whole number from 1 to 1000, not "0"' }],
    ['GET', '/stream?intervalMs=1e9', 400, { error: 'intervalMs must be a whole number from 0 to 10000, not "1e9"' }],
    ['GET', '/ws', 426, { error: '/ws only accepts WebSockets' }],
    ['GET', '/healthz', 200, { status: 'alive' }],
    ['GET', '/readyz', 200, { state: 'ready' }],
    ['GET', '/version', 200, { runtime: 'node', runtimeVersion: '26.10.0', appVersion: '1.2.3' }],
    ['GET', '/nowhere', 404, { error: 'no route for GET /nowhere' }],
    ['PUT', '/', 404, { error: 'no route for PUT /' }],
  ];
  for (const [method, path, status, body] of replies) {
    it(`${method} ${path} is answered with ${status}`, async () => {
      const response = await get(path, { method });
      assert.equal(response.status, status);
      assert.deepEqual(await response.json(), body);
    });
  }

  it('an error in a handler is answered with 500, and logged', async () => {
    const body = new ReadableStream({ start: (controller) => controller.error(new Error('cut off')) });
    const response = await get('/upload', { method: 'POST', body, duplex: 'half' });
    assert.deepEqual([response.status, await response.json()], [500, { error: 'internal error' }]);
    assert.deepEqual(logged, [['request-error', { path: '/upload', message: 'Error: cut off' }]]);
    assert.equal(lifecycle.active.requests, 0);
  });

  it('POST bodies are read to the end and counted', async () => {
    const bodies = await Promise.all(
      ['/', '/delay/0', '/upload'].map(async (path) => (await post(path, 'hello')).json()),
    );
    assert.deepEqual(bodies, [
      { pod: 'pod-1', receivedBytes: 5 },
      { pod: 'pod-1', receivedBytes: 5, delayedMs: 0 },
      { receivedBytes: 5 },
    ]);
  });

  it('/stream sends its chunks, and counts as work until the last one', async () => {
    const response = await get('/stream?chunks=2&intervalMs=1');
    assert.equal(lifecycle.active.streams, 0, 'nothing is sent before it is read');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader?.read())?.value, 'chunk 1 of 2\n');
    assert.equal(lifecycle.active.streams, 1);
    assert.equal((await reader?.read())?.value, 'chunk 2 of 2\n');
    assert.equal((await reader?.read())?.done, true);
    assert.equal(lifecycle.active.streams, 0);
  });

  it('HEAD /stream leaves no work behind', async () => {
    await get('/stream', { method: 'HEAD' });
    await lifecycle.whenIdle();
  });

  it('/events continues until the sessions are ended', async () => {
    const reader = (await get('/events')).body?.pipeThrough(new TextDecoderStream()).getReader();
    assert.match((await reader?.read())?.value ?? '', /^id: 0\nevent: tick\ndata: \d+\.\d{3}\n\n$/);
    assert.equal(lifecycle.active.eventStreams, 1);
    lifecycle.endSessions();
    assert.equal((await reader?.read())?.done, true);
    assert.equal(lifecycle.active.eventStreams, 0);
  });

  it('/events ends when its reader cancels', async () => {
    const { body } = await get('/events');
    const reader = body?.getReader();
    await reader?.read();
    await reader?.cancel();
    assert.equal(lifecycle.active.eventStreams, 0);
  });
});

describe('headers of every response', () => {
  for (const path of ['/', '/nowhere', '/delay/x', '/healthz', '/readyz', '/metrics', '/stream?chunks=1', '/ws']) {
    it(`${path} names the pod, its state and the time`, async () => {
      const { headers } = await get(path);
      assert.equal(headers.get('x-pod-name'), 'pod-1');
      assert.equal(headers.get('x-pod-state'), 'ready');
      assert.match(headers.get('x-server-time') ?? '', /^\d{13}\.\d{3}$/);
      assert.ok(Math.abs(Number(headers.get('x-server-time')) - Date.now()) < 5000);
      assert.equal(headers.get('connection'), null);
    });

    it(`${path} asks the client to close while draining`, async () => {
      lifecycle.drain();
      const { headers } = await get(path);
      assert.equal(headers.get('x-pod-state'), 'draining');
      assert.equal(headers.get('connection'), 'close');
    });
  }

  it('say how often a request id was seen', async () => {
    const withId = { headers: { 'x-request-id': 'id-1' } };
    const responses = [await get('/', withId), await get('/nowhere', withId), await get('/')];
    assert.deepEqual(
      responses.map(({ headers }) => [headers.get('x-request-id'), headers.get('x-request-count')]),
      [
        ['id-1', '1'],
        ['id-1', '2'],
        [null, null],
      ],
    );
  });
});

describe('readiness', () => {
  it('is lost as soon as the pod drains; liveness never is', async () => {
    lifecycle.drain();
    assert.equal((await get('/readyz')).status, 503);
    assert.equal((await get('/healthz')).status, 200);
    lifecycle.stop();
    assert.equal((await get('/readyz')).status, 503);
    assert.equal((await get('/healthz')).status, 200);
  });
});

describe('/metrics', () => {
  it('is Prometheus text with a HELP and a TYPE for every family', async () => {
    const response = await get('/metrics');
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const lines = (await response.text()).split('\n');
    assert.equal(lines.pop(), '', 'ends with a line feed');
    const described = lines.flatMap((line) => /^# TYPE (\w+) (?:counter|gauge)$/.exec(line)?.[1] ?? []);
    const helped = lines.flatMap((line) => /^# HELP (\w+) .+$/.exec(line)?.[1] ?? []);
    assert.deepEqual(described, helped);
    for (const line of lines.filter((l) => !l.startsWith('#'))) {
      const [, name] = /^(\w+)(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})? \d+(?:\.\d+)?$/.exec(line) ?? [];
      assert.ok(name !== undefined && described.includes(name), line);
    }
  });

  it('counts requests by route and status, work in flight, repeated ids and the state', async () => {
    const withId = { headers: { 'x-request-id': 'id-1' } };
    await get('/delay/1', withId);
    await get('/delay/2', withId);
    await get('/delay/x');
    await get('/made/up');
    lifecycle.begin('webSockets', () => {});
    const text = await (await get('/metrics')).text();
    for (const line of [
      'http_requests_total{route="/delay/:ms",status="200"} 2',
      'http_requests_total{route="/delay/:ms",status="400"} 1',
      'http_requests_total{route="unmatched",status="404"} 1',
      'http_requests_in_flight 1',
      'web_sockets_open 1',
      'http_request_ids_repeated_total 1',
      'pod_state{state="ready"} 1',
      'pod_state{state="draining"} 0',
    ]) {
      assert.ok(text.split('\n').includes(line), line);
    }
  });
});
