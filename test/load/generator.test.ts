import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint, RoutingTable } from '../../src/clusters/cluster.ts';
import { Generator } from '../../src/load/builtin/generator.ts';
import { Ticker } from '../../src/load/builtin/ticker.ts';
import type { Scenario } from '../../src/load/request-mix.ts';
import { seededRandom } from '../../src/random.ts';
import { startClock } from '../../src/trace/clock.ts';
import { decodeHistogram } from '../../src/trace/histogram.ts';
import type { FailedRequest, LoadRecord } from '../../src/trace/load-record.ts';
import { within } from '../app/within.ts';
import { freePort, HOST, listen, onRequest, response } from './raw-server.ts';

interface Request {
  line: string;
  head: string;
  socket: Socket;
  /** Which of its connection's requests it was, from 1. */
  nth: number;
}

/** A pod that answers each request as the test says; otherwise at once with 200. */
async function pod(t: TestContext, answer: (request: Request) => void = ({ socket }) => socket.write(response())) {
  const requests: Request[] = [];
  const { port, sockets } = await listen(t, (socket) => {
    onRequest(socket, (line, head, nth) => {
      const request = { line, head, socket, nth };
      requests.push(request);
      answer(request);
    });
  });
  return { requests, sockets, endpoint: endpoint('pod-1', port) };
}

function endpoint(name: string, port: number): Endpoint {
  return { pod: { uid: name, name }, host: HOST, port, reachable: true };
}

function routesTo(...endpoints: Endpoint[]): RoutingTable {
  return { headless: false, routers: [{ name: 'node1', endpoints }] };
}

const KEEP_ALIVE: Scenario = {
  name: 'keep-alive',
  method: 'POST',
  path: '/orders?x=1',
  body: '{"a":1}',
  connection: 'keep-alive',
  ratePerSecond: 200,
  connections: 4,
  timeoutMs: 1000,
};
const FRESH: Scenario = { ...KEEP_ALIVE, name: 'fresh', connection: 'fresh' };

/** The number that the generator gave the request. */
function sequence(head: string): number {
  return Number(/^x-request-id: \w+-(\d+)/im.exec(head)?.[1]);
}

function generatorOf(routes: RoutingTable, scenarios: Scenario[]) {
  const clock = startClock();
  const requestMix = { format: 'k8s-rollout-test/workload/1', scenarios } as const;
  const generator = new Generator({ requestMix, routes, clock, random: seededRandom(1), ticker: new Ticker() });
  return { generator, clock };
}

/** The record of some time of load, which ends when the last request has. */
async function load(routes: RoutingTable, scenarios: Scenario[], ms: number) {
  const { generator, clock } = generatorOf(routes, scenarios);
  generator.start();
  await delay(ms);
  const { stoppedMs, record } = await within(5000, 'the end of the load', generator.stop('test'));
  return { record, stoppedMs, endedMs: clock.nowMs(), started: generator.recorder.started };
}

function succeeded(record: LoadRecord, scenario?: string): number {
  const buckets = record.successes.filter((bucket) => scenario === undefined || bucket.scenario === scenario);
  return buckets.reduce((sum, bucket) => sum + bucket.count, 0);
}

const fieldOf = (head: string, name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1];
const words = ({ client: { connection, phase, error } }: FailedRequest) => `${connection} ${phase} ${error}`;

describe('the rate is held', () => {
  const table: [what: string, answerAfterMs: number][] = [
    ['by a quick server', 0],
    ['by a server so slow that requests pile up', 300],
  ];
  for (const [what, answerAfterMs] of table) {
    test(what, async (t) => {
      const { requests, endpoint } = await pod(t, ({ socket }) => {
        setTimeout(() => socket.write(response()), answerAfterMs);
      });
      const { record, stoppedMs } = await load(routesTo(endpoint), [KEEP_ALIVE, { ...FRESH, ratePerSecond: 50 }], 600);
      const due = stoppedMs / 1000;
      assert.ok(record.plannedRequests <= due * 250 + 2, `${record.plannedRequests} in ${due} s`);
      assert.ok(record.plannedRequests >= due * 250 - 15, `${record.plannedRequests} in ${due} s`);
      assert.deepEqual([record.failures, record.droppedRequests, record.generator], [[], 0, 'test']);
      assert.deepEqual([succeeded(record), requests.length], [record.plannedRequests, record.plannedRequests]);
      assert.ok(Math.abs(succeeded(record, 'keep-alive') - 4 * succeeded(record, 'fresh')) <= 8, 'in their proportion');
      const lateness = decodeHistogram(record.lateness ?? '');
      assert.equal(lateness.totalCount, record.plannedRequests);
    });
  }
});

test('bursts of two scenarios come at their times, and take turns', async (t) => {
  const { requests, endpoint } = await pod(t);
  const bursts = { size: 5, atMs: [50, 250] };
  const scenarios = [
    { ...FRESH, name: 'post', bursts },
    { ...FRESH, name: 'get', method: 'GET' as const, bursts },
  ];
  const { record, stoppedMs } = await load(routesTo(endpoint), scenarios, 500);
  assert.ok(stoppedMs > 250);
  assert.deepEqual([record.plannedRequests, succeeded(record, 'post'), succeeded(record, 'get')], [20, 10, 10]);
  const methods = requests
    .toSorted((a, b) => sequence(a.head) - sequence(b.head))
    .map(({ line }) => line.split(' ')[0]);
  assert.deepEqual(
    methods,
    methods.map((_, index) => (index % 2 === 0 ? 'POST' : 'GET')),
  );
});

describe('connections', { concurrency: 8 }, () => {
  test('keep-alive uses as many as it was given, in turns', async (t) => {
    const { requests, sockets, endpoint } = await pod(t);
    const { record } = await load(routesTo(endpoint), [{ ...KEEP_ALIVE, ratePerSecond: 15 }], 800);
    assert.equal(sockets.length, 4);
    // In the order in which they were sent: on a busy machine the server may read them in another.
    const sent = requests.toSorted((a, b) => sequence(a.head) - sequence(b.head)).map(({ socket }) => socket);
    const first = sent.slice(0, 4);
    const turns = sent.map((socket) => first.indexOf(socket));
    assert.deepEqual(
      turns,
      turns.map((_, index) => index % 4),
    );
    assert.equal(record.connectionReuse, (requests.length - 4) / requests.length);
  });

  test('keep-alive opens more when all are busy', async (t) => {
    const { sockets, endpoint } = await pod(t, ({ socket }) => {
      setTimeout(() => socket.write(response()), 100);
    });
    const { record } = await load(routesTo(endpoint), [{ ...KEEP_ALIVE, connections: 1 }], 300);
    assert.ok(sockets.length >= 15, `${sockets.length} for 20 requests at a time`);
    assert.ok((record.connectionReuse ?? 0) > 0, 'and they are used again');
    assert.deepEqual(record.failures, []);
  });

  test('keep-alive opens another in place of one that the server closes', async (t) => {
    const { requests, sockets, endpoint } = await pod(t, ({ socket, nth }) => {
      if (nth === 3) socket.end(response(200, 'Connection: close'));
      else socket.write(response());
    });
    const { record } = await load(routesTo(endpoint), [{ ...KEEP_ALIVE, connections: 1 }], 300);
    assert.deepEqual(record.failures, []);
    assert.ok(sockets.length >= requests.length / 3, `${sockets.length} connections, ${requests.length} requests`);
    assert.ok(requests.every(({ nth }) => nth <= 3));
    assert.equal(record.connectionReuse, (requests.length - sockets.length) / requests.length);
  });

  test('fresh opens one for each request and says so to the server', async (t) => {
    const { requests, sockets, endpoint } = await pod(t);
    const { record } = await load(routesTo(endpoint), [FRESH], 200);
    assert.equal(sockets.length, requests.length);
    assert.ok(requests.every(({ head }) => fieldOf(head, 'connection') === 'close'));
    assert.deepEqual([record.failures, record.connectionReuse], [[], undefined]);
  });

  test('new ones follow the routes as they change', async (t) => {
    const [before, after] = [await pod(t), await pod(t)];
    const { generator } = generatorOf(routesTo(before.endpoint), [FRESH]);
    generator.start();
    await delay(100);
    generator.routes = routesTo(after.endpoint);
    const sent = generator.recorder.started;
    await delay(100);
    await within(5000, 'the end of the load', generator.stop('test'));
    assert.equal(before.requests.length, sent);
    assert.ok(after.requests.length >= 10, `${after.requests.length}`);
  });
});

test('a request is sent as the request mix says, with an id of its own', async (t) => {
  const { requests, endpoint } = await pod(t);
  const bare: Scenario = { ...FRESH, name: 'bare', method: 'DELETE', path: '/' };
  delete bare.body;
  await load(routesTo(endpoint), [KEEP_ALIVE, bare], 100);
  const ids = requests.map(({ head }) => fieldOf(head, 'x-request-id'));
  assert.equal(new Set(ids).size, requests.length);
  const written = (line: string) => {
    const { head = '' } = requests.find((request) => request.line === line) ?? {};
    return head.replace(/(?<=x-request-id: ).*/, 'ID').split('\r\n');
  };
  const host = `host: ${HOST}:${endpoint.port}`;
  assert.deepEqual(written('POST /orders?x=1 HTTP/1.1'), [
    'POST /orders?x=1 HTTP/1.1',
    host,
    'x-request-id: ID',
    'connection: keep-alive',
    'content-type: application/json',
    'content-length: 7',
  ]);
  assert.deepEqual(written('DELETE / HTTP/1.1'), ['DELETE / HTTP/1.1', host, 'x-request-id: ID', 'connection: close']);
});

describe('what is written down', { concurrency: 8 }, () => {
  test('successes by scenario, pod and 100 ms, and their latency', async (t) => {
    const named = await pod(t, ({ socket }) => socket.write(response(200, 'X-Pod-Name: shop-7')));
    const { record } = await load(routesTo(named.endpoint), [FRESH], 250);
    assert.deepEqual(
      [...new Set(record.successes.map(({ scenario, pod: name }) => `${scenario} ${name}`))],
      ['fresh shop-7'],
    );
    const buckets = record.successes.map(({ bucket }) => bucket);
    assert.deepEqual(
      buckets,
      buckets.map((_, index) => index),
    );
    assert.equal(succeeded(record), record.plannedRequests);
    const latency = decodeHistogram(record.latency.fresh ?? '');
    assert.equal(latency.totalCount, succeeded(record));
  });

  test('a response that does not name its pod counts for the one it was sent to', async (t) => {
    const { endpoint } = await pod(t);
    const { record } = await load(routesTo(endpoint), [FRESH], 50);
    assert.equal(record.successes[0]?.pod, 'pod-1');
  });

  test('requests that the pod had seen before', async (t) => {
    const { requests, endpoint } = await pod(t, ({ socket, nth }) => {
      socket.write(response(200, `X-Request-Count: ${nth}`));
    });
    const { record } = await load(routesTo(endpoint), [{ ...KEEP_ALIVE, connections: 1 }], 100);
    assert.deepEqual(
      [record.hiddenRetries?.client, record.failures],
      [requests.filter(({ nth }) => nth > 1).length, []],
    );
  });

  test('a failure whole', async (t) => {
    const { requests, endpoint } = await pod(t, ({ socket }) => socket.write(response(503)));
    const { record } = await load(routesTo(endpoint), [{ ...KEEP_ALIVE, connections: 1, ratePerSecond: 100 }], 100);
    assert.deepEqual([record.successes, record.latency], [[], {}]);
    const sent = requests.toSorted((a, b) => sequence(a.head) - sequence(b.head));
    assert.deepEqual(
      record.failures.map(({ id }) => id),
      sent.map(({ head }) => fieldOf(head, 'x-request-id')),
    );
    assert.deepEqual(
      record.failures.map(({ client }) => client.connection),
      sent.map(({ nth }) => (nth === 1 ? 'fresh' : 'reused')),
    );
    const outcome = { phase: 'receive', error: 'status', status: 503, bytesReceived: 41 };
    record.failures.forEach(({ startedMs, endedMs, plannedMs, scenario, client, attempts }, index) => {
      const { connection: state } = client;
      assert.equal(scenario, 'keep-alive');
      assert.deepEqual(client, { ...outcome, connection: state, detail: 'HTTP status 503' });
      const pod = { uid: 'pod-1', name: 'pod-1' };
      assert.deepEqual(attempts, [{ via: 'node1', pod, connection: { state }, startedMs, endedMs, ...outcome }]);
      assert.ok(Math.abs((plannedMs ?? 0) - index * 10) < 5, 'planned by the schedule');
      assert.ok(startedMs >= (plannedMs ?? 0) && endedMs >= startedMs && endedMs < startedMs + 1000);
    });
  });

  const faults: [what: string, answer: (request: Request) => void, failures: string[]][] = [
    ['a reset', ({ socket }) => socket.resetAndDestroy(), ['fresh wait ECONNRESET']],
    ['an end without a response', ({ socket }) => socket.end(), ['fresh wait closed']],
    [
      'a reset of a kept connection',
      ({ socket, nth }) => (nth === 2 ? socket.resetAndDestroy() : socket.write(response())),
      ['reused wait ECONNRESET'],
    ],
    ['a redirect', ({ socket }) => socket.end(response(301, 'Connection: close')), ['fresh receive status']],
  ];
  for (const [what, answer, failures] of faults) {
    test(`${what}: ${failures}`, async (t) => {
      const { requests, endpoint } = await pod(t, answer);
      const { record } = await load(routesTo(endpoint), [{ ...KEEP_ALIVE, ratePerSecond: 100 }], 150);
      assert.deepEqual([...new Set(record.failures.map(words))], failures);
      assert.equal(record.failures.length + succeeded(record), requests.length);
    });
  }

  test('a pod that refuses: fresh connect ECONNREFUSED', async () => {
    const { record } = await load(routesTo(endpoint('pod-1', await freePort())), [KEEP_ALIVE], 100);
    assert.deepEqual([...new Set(record.failures.map(words))], ['fresh connect ECONNREFUSED']);
    const [first] = record.failures;
    assert.deepEqual([first?.attempts[0]?.pod?.uid, record.failures.length], ['pod-1', record.plannedRequests]);
  });

  test('a Service without endpoints: refused six times, and then a timeout', async () => {
    const { record } = await load(routesTo(), [{ ...FRESH, ratePerSecond: 100, timeoutMs: 200 }], 100);
    const { length } = record.failures;
    assert.ok(length > 6 && length === record.plannedRequests, `${length} of ${record.plannedRequests}`);
    assert.deepEqual(record.failures.map(words), [
      ...Array(6).fill('fresh connect ECONNREFUSED'),
      ...Array(length - 6).fill('fresh connect timeout'),
    ]);
    const [refused] = record.failures;
    const attempt = refused?.attempts[0];
    assert.deepEqual([attempt?.via, attempt?.pod, refused?.client.bytesReceived], ['node1', undefined, 0]);
  });
});

describe('a request without an answer', { concurrency: 8 }, () => {
  const hanging = { timeoutMs: 200, ratePerSecond: 50 };
  for (const scenario of [KEEP_ALIVE, FRESH]) {
    test(`ends at its timeout, once, where it has come to (${scenario.name})`, async (t) => {
      const { requests, sockets, endpoint } = await pod(t, () => {});
      const { record } = await load(routesTo(endpoint), [{ ...scenario, ...hanging }], 300);
      assert.deepEqual([...new Set(record.failures.map(words))], ['fresh wait timeout']);
      assert.deepEqual([record.failures.length, requests.length], [record.plannedRequests, record.plannedRequests]);
      for (const { startedMs, endedMs, client } of record.failures) {
        assert.equal(client.detail, 'no complete response within 200 ms');
        const tookMs = endedMs - startedMs;
        assert.ok(tookMs >= 200 && tookMs < 450, `took ${tookMs} ms`);
      }
      assert.equal(sockets.length, requests.length, 'its connection carries no other request');
    });
  }

  test('does not keep the next ones from theirs', async (t) => {
    const { endpoint } = await pod(t, ({ socket, nth }) => {
      if (nth !== 2) socket.write(response());
    });
    const { record } = await load(routesTo(endpoint), [{ ...KEEP_ALIVE, ...hanging, connections: 2 }], 500);
    assert.deepEqual([...new Set(record.failures.map(words))], ['reused wait timeout']);
    assert.equal(record.failures.length + succeeded(record), record.plannedRequests);
  });
});

describe('stopping', { concurrency: 8 }, () => {
  test('waits for those in flight, and starts no more', async (t) => {
    const { requests, sockets, endpoint } = await pod(t, ({ socket }) => {
      setTimeout(() => socket.write(response()), 250);
    });
    const { record, stoppedMs, endedMs } = await load(routesTo(endpoint), [KEEP_ALIVE], 300);
    assert.ok(endedMs - stoppedMs > 200, `${endedMs - stoppedMs} ms for the last`);
    assert.deepEqual([record.failures, succeeded(record)], [[], record.plannedRequests]);
    assert.equal(requests.length, record.plannedRequests);
    assert.ok(record.successes.every(({ bucket }) => bucket * 100 <= stoppedMs));
    for (const socket of sockets) {
      if (!socket.closed)
        await within(2000, 'the end of its connection', new Promise((end) => socket.on('close', end)));
    }
  });

  test('is at once when nothing is in flight', async (t) => {
    const { endpoint } = await pod(t);
    const { stoppedMs, endedMs } = await load(routesTo(endpoint), [{ ...KEEP_ALIVE, ratePerSecond: 1 }], 100);
    assert.ok(endedMs - stoppedMs < 200, `${endedMs - stoppedMs} ms`);
  });
});

test('requests beyond 5000 in flight are dropped and counted', async () => {
  const flood: Scenario = { ...FRESH, ratePerSecond: 20_000, timeoutMs: 1000 };
  const { record, started } = await load(routesTo(), [flood], 400);
  assert.ok(record.droppedRequests > 0, `${record.plannedRequests} planned`);
  assert.equal(started + record.droppedRequests, record.plannedRequests);
  assert.equal(record.failures.length, started);
  assert.ok(started >= 5000 && started <= 5006, `${started} started`);
});
