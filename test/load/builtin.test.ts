/** The builtin load as trials run it: in its worker thread, to a URL. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { builtinLoad } from '../../src/load/builtin/builtin.ts';
import type { LoadOptions, RunningLoad } from '../../src/load/load.ts';
import type { Scenario } from '../../src/load/request-mix.ts';
import { startClock } from '../../src/trace/clock.ts';
import { within } from '../app/within.ts';
import { freePort } from './raw-server.ts';

const SCENARIO: Scenario = {
  name: 'keep-alive',
  method: 'GET',
  path: '/',
  connection: 'keep-alive',
  ratePerSecond: 50,
  connections: 2,
  timeoutMs: 1000,
};

/** A server on that address; it answers as the test says, or with its name. */
async function serve(t: TestContext, host: string, pod: (request: number) => string | undefined = () => 'pod-1') {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const name = pod(requests.length);
    if (name === undefined) request.socket.destroy();
    else response.setHeader('x-pod-name', name).end('ok');
  });
  const port = await freePort();
  server.listen(port, host);
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { requests, port };
}

function options(url: string, properties: Partial<LoadOptions> = {}): LoadOptions {
  return {
    requestMix: { format: 'k8s-rollout-test/workload/1', scenarios: [SCENARIO] },
    target: { kind: 'url', url },
    clock: startClock(),
    seed: 1,
    maxDurationMs: 20_000,
    signal: new AbortController().signal,
    ...properties,
  };
}

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

test('a URL with an IPv6 address', { skip: hasIpv6 ? false : 'this machine has no IPv6 loopback' }, async (t) => {
  const { requests, port } = await serve(t, '::1');
  const running = await builtinLoad.start(options(`http://[::1]:${port}`));
  await delay(300);
  const { record } = await within(5000, 'the end of the load', running.stop());
  assert.deepEqual(record.failures, []);
  assert.ok(requests.length > 5, String(requests.length));
  assert.equal(requests[0]?.headers.host, `[::1]:${port}`);
});

describe('through a URL', () => {
  test('to a virtual host, every request has that and its own id in the query', async (t) => {
    const { requests, port } = await serve(t, '127.0.0.1');
    const url = `http://127.0.0.1:${port}`;
    const target = { kind: 'url', url, virtualHost: 'trial-1.example.com' } as const;
    const running = await builtinLoad.start(options(url, { target }));
    await delay(300);
    const { record } = await within(5000, 'the end of the load', running.stop());
    assert.deepEqual(record.failures, []);
    assert.ok(requests.length > 5, String(requests.length));
    for (const { url: path, headers } of requests) {
      assert.equal(headers.host, 'trial-1.example.com');
      assert.equal(path, `/?rollout-test-request=${headers['x-request-id']}`);
    }
  });

  test('a failure on a reused connection is of the pod that answered last on it', async (t) => {
    const { port } = await serve(t, '127.0.0.1', (n) => (n <= 4 ? `pod-${n % 2}` : undefined));
    const running = await builtinLoad.start(options(`http://127.0.0.1:${port}`));
    await delay(400);
    const { record } = await within(5000, 'the end of the load', running.stop());
    const kinds = new Set(
      record.failures.map(({ client, attempts }) => `${client.connection} ${attempts[0]?.pod?.uid}`),
    );
    assert.deepEqual([...kinds].sort(), ['fresh undefined', 'reused pod-0', 'reused pod-1']);
    assert.deepEqual(Object.keys(record.newConnections ?? {}).sort(), ['pod-0', 'pod-1']);
  });
});

describe('a load that is over before anyone stopped it', () => {
  test('has died, in one line', async (t) => {
    const { requests, port } = await serve(t, '127.0.0.1');
    const running = await builtinLoad.start(options(`http://127.0.0.1:${port}`, { maxDurationMs: 300 }));
    const expired = {
      name: 'ProgramError',
      exitCode: 4,
      message:
        'the load ended after 0.005 min, the longest that a trial of this manifest may last, before the trial had finished',
    };
    await assert.rejects(within(5000, 'the end of the load', running.died), expired);
    assert.ok(requests.length > 5);
    await assert.rejects(running.stop(), expired);
  });

  test('is no such thing where it may last for longer than a timer', async (t) => {
    const { requests, port } = await serve(t, '127.0.0.1');
    const running = await builtinLoad.start(options(`http://127.0.0.1:${port}`, { maxDurationMs: 2 ** 40 }));
    await Promise.race([delay(200), running.died]);
    await within(5000, 'the end of the load', running.stop());
    assert.ok(requests.length > 3);
  });
});

describe('loads side by side', () => {
  test('each have their own requests and record', async (t) => {
    const servers = [await serve(t, '127.0.0.1', () => 'pod-a'), await serve(t, '127.0.0.1', () => 'pod-b')];
    const running = await Promise.all(
      servers.map(({ port }) => builtinLoad.start(options(`http://127.0.0.1:${port}`))),
    );
    await delay(300);
    const ends = await within(5000, 'the end of the loads', Promise.all(running.map((load) => load.stop())));
    const pods = ends.map(({ record }) => [...new Set(record.successes.map(({ pod }) => pod))]);
    assert.deepEqual(pods, [['pod-a'], ['pod-b']]);
    const seen = servers.map(({ requests }) => requests.length);
    assert.deepEqual(
      ends.map(({ record }) => record.plannedRequests),
      seen,
    );
    assert.deepEqual(
      running.map((load) => load.progress()),
      seen.map((started) => ({ started, failed: 0, sessions: 0, openSessions: 0 })),
    );
  });

  test('one that is aborted ends at once, and the others go on', async (t) => {
    const servers = [await serve(t, '127.0.0.1'), await serve(t, '127.0.0.1')];
    const aborting = new AbortController();
    const [aborted, other] = (await Promise.all(
      servers.map(({ port }, index) =>
        builtinLoad.start(options(`http://127.0.0.1:${port}`, index === 0 ? { signal: aborting.signal } : {})),
      ),
    )) as [RunningLoad, RunningLoad];
    await delay(100);
    const closed = once(servers[0]?.requests[0]?.socket as Socket, 'close');
    const before = servers[1]?.requests.length ?? 0;
    aborting.abort(new Error('enough'));
    await assert.rejects(within(5000, 'the end of the aborted load', aborted.died), { message: 'enough' });
    await assert.rejects(aborted.stop(), { message: 'enough' });
    await within(5000, 'the end of its connection', closed);
    await delay(200);
    const { record } = await within(5000, 'the end of the other load', other.stop());
    assert.deepEqual([record.failures, record.droppedRequests], [[], 0]);
    assert.ok((servers[1]?.requests.length ?? 0) > before + 5);
  });
});
