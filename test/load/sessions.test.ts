/** Sessions as the load holds them, on servers that a test plays byte by byte. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RoutingTable } from '../../src/clusters/cluster.ts';
import { Generator } from '../../src/load/builtin/generator.ts';
import { Ticker } from '../../src/load/builtin/ticker.ts';
import { acceptOf } from '../../src/load/builtin/web-socket-reader.ts';
import type { SessionScenario } from '../../src/load/request-mix.ts';
import { seededRandom } from '../../src/random.ts';
import { startClock } from '../../src/trace/clock.ts';
import { LoadRecord } from '../../src/trace/load-record.ts';
import { within } from '../app/within.ts';
import { HOST, listen, onRequest } from './raw-server.ts';

const EVENTS: SessionScenario = {
  name: 'events',
  connection: 'events',
  path: '/events',
  connections: 3,
  timeoutMs: 5000,
};
const WEB_SOCKETS: SessionScenario = { ...EVENTS, name: 'websocket', connection: 'websocket', path: '/ws' };

const STREAM = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Pod-Name: pod-1\r\n\r\n2\r\nhi\r\n';
const LAST_CHUNK = '0\r\n\r\n';
const CLOSE_1001 = Buffer.from([0x88, 2, 0x03, 0xe9]);

function upgrade(head: string): string {
  const key = /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? '';
  return `HTTP/1.1 101 Any\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`;
}

/** A pod that opens each session, which of the client's it is (from 1) or not, as the test says. */
async function pod(t: TestContext, serve: (socket: Socket, head: string, nth: number) => void) {
  let sessions = 0;
  const heads: string[] = [];
  const { port, sockets } = await listen(t, (socket) =>
    onRequest(socket, (_line, head) => {
      heads.push(head);
      serve(socket, head, ++sessions);
    }),
  );
  const endpoint = { pod: { uid: 'pod-1', name: 'pod-1' }, host: HOST, port, reachable: true };
  const routes: RoutingTable = { headless: false, routers: [{ name: 'node1', endpoints: [endpoint] }] };
  return { routes, heads, sockets };
}

/** The record of a load that is stopped once the test has seen enough, and everything in flight was delivered. */
async function hold(
  routes: RoutingTable,
  scenario: SessionScenario,
  enough: (generator: Generator) => boolean,
): Promise<LoadRecord> {
  const generator = new Generator({
    requestMix: { format: 'k8s-rollout-test/workload/1', scenarios: [scenario] },
    routes,
    clock: startClock(),
    random: seededRandom(1),
    ticker: new Ticker(),
  });
  generator.start();
  while (!enough(generator)) await delay(10);
  await delay(50);
  const { record } = await within(3000, 'the end of the load', generator.stop('test'));
  return LoadRecord.parse(JSON.parse(JSON.stringify(record)));
}

const ends = ({ sessions }: LoadRecord) =>
  (sessions?.opened ?? []).map(({ end = 'open', closeCode = '' }) => `${end}${closeCode}`);
const failures = ({ failures }: LoadRecord) => failures.map(({ client }) => `${client.phase} ${client.error}`);

describe('sessions', { concurrency: true }, () => {
  test('stay open until the load stops, and are asked for as browsers do', async (t) => {
    for (const [scenario, opening] of [
      [EVENTS, () => STREAM],
      [WEB_SOCKETS, upgrade],
    ] as const) {
      const { routes, heads } = await pod(t, (socket, head) => socket.write(opening(head)));
      const record = await hold(routes, scenario, () => heads.length === 3);
      assert.deepEqual(ends(record), ['open', 'open', 'open']);
      assert.deepEqual([record.failures, record.plannedRequests], [[], 0]);
      assert.deepEqual(record.sessions?.clients, { [scenario.name]: 3 });
      assert.deepEqual(
        record.sessions?.opened.map(({ client, pod }) => [client, pod]),
        [0, 1, 2].map((client) => [client, 'pod-1']),
      );
      assert.match(heads[0] ?? '', /^GET \/(events|ws) HTTP\/1\.1\r\n/);
      assert.match(
        heads[0] ?? '',
        scenario === EVENTS ? /^accept: text\/event-stream/m : /^sec-websocket-version: 13\r$/m,
      );
    }
  });

  const first =
    (act: (socket: Socket) => void, opening: (head: string) => string = () => STREAM) =>
    (socket: Socket, head: string, nth: number) => {
      socket.write(opening(head));
      if (nth === 1) setTimeout(() => act(socket), 20);
    };
  const table: [
    what: string,
    scenario: SessionScenario,
    serve: ReturnType<typeof first>,
    end: string,
    failed: RegExp | undefined,
  ][] = [
    ['a stream that ends', EVENTS, first((socket) => socket.end(LAST_CHUNK)), 'complete', undefined],
    ['a stream that is closed', EVENTS, first((socket) => socket.end()), 'cut', /^receive closed$/],
    [
      'a stream that is reset',
      EVENTS,
      first((socket) => socket.resetAndDestroy()),
      'cut',
      /^receive (ECONNRESET|closed)$/,
    ],
    [
      'a WebSocket that is closed',
      WEB_SOCKETS,
      first((socket) => socket.write(CLOSE_1001), upgrade),
      'close-frame1001',
      undefined,
    ],
    ['a WebSocket that is cut', WEB_SOCKETS, first((socket) => socket.end(), upgrade), 'cut', /^receive closed$/],
    [
      'a WebSocket that sends nonsense',
      WEB_SOCKETS,
      first((socket) => socket.write('nonsense'), upgrade),
      'cut',
      /^receive protocol$/,
    ],
  ];
  for (const [what, scenario, serve, end, failed] of table) {
    test(`${what} is opened again by the same client`, async (t) => {
      const { routes, heads } = await pod(t, serve);
      const record = await hold(routes, scenario, () => heads.length === 4);
      assert.deepEqual(ends(record).sort(), [end, 'open', 'open', 'open'].sort());
      assert.equal(record.failures.length, failed === undefined ? 0 : 1);
      if (failed) assert.match(failures(record)[0] ?? '', failed);
      const [ended] = record.sessions?.opened.filter(({ end }) => end !== undefined) ?? [];
      const again = record.sessions?.opened.filter(({ client }) => client === ended?.client).at(-1);
      const waitedMs = (again?.startedMs ?? 0) - (ended?.endedMs ?? 0);
      // It was open for less than a second, so the next attempt waits as after a failed one.
      assert.ok(waitedMs >= 249, `${waitedMs} ms`);
      const [request] = record.failures;
      if (request) {
        assert.deepEqual([request.startedMs, request.endedMs], [ended?.startedMs, ended?.endedMs]);
        assert.equal(request.attempts[0]?.pod?.uid, 'pod-1');
      }
    });
  }

  test('that cannot be opened are failed requests, tried more and more slowly', async (t) => {
    const { routes, heads } = await pod(t, (socket) => socket.end('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'));
    const record = await hold(routes, { ...EVENTS, connections: 1 }, () => heads.length === 3);
    assert.deepEqual([ends(record), failures(record)], [[], Array(3).fill('receive status')]);
    const [first = 0, second = 0, third = 0] = record.failures.map(({ startedMs }) => startedMs);
    assert.ok(second - first >= 249 && third - second >= 499, `${second - first} ms, ${third - second} ms`);
  });

  test('that are never answered time out', async (t) => {
    const { routes } = await pod(t, () => {});
    const record = await hold(
      routes,
      { ...WEB_SOCKETS, connections: 1, timeoutMs: 1000 },
      ({ recorder }) => recorder.failed === 1,
    );
    assert.deepEqual([ends(record), failures(record)], [[], ['wait timeout']]);
  });
});

test('sessions cost no memory for a frame of any length, nor for pings that nobody reads the answers to', async (t) => {
  const { routes, heads } = await pod(t, (socket, head) => {
    socket.write(upgrade(head));
    socket.pause();
    // A frame of 2^40 bytes begins after many pings.
    const pings = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([0x89, 0])));
    socket.write(Buffer.concat([pings, Buffer.from([0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0]), Buffer.alloc(1 << 20)]));
  });
  const before = process.memoryUsage().arrayBuffers;
  const record = await hold(routes, { ...WEB_SOCKETS, connections: 2 }, () => heads.length === 2);
  assert.deepEqual(ends(record), ['open', 'open']);
  assert.ok(process.memoryUsage().arrayBuffers - before < 32 << 20);
});
