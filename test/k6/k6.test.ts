import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, type TestContext, test } from 'node:test';
import type { ProxiedRequest, Target } from '../../src/clusters/cluster.ts';
import { EnvironmentError } from '../../src/errors.ts';
import { k6Load } from '../../src/load/k6/k6.ts';
import type { LoadOptions } from '../../src/load/load.ts';
import type { Scenario } from '../../src/load/request-mix.ts';
import { startClock } from '../../src/trace/clock.ts';
import type { LoadRecord } from '../../src/trace/load-record.ts';
import { FaultyServer } from './faulty-server.ts';

const noK6 = spawnSync('k6', ['version']).status !== 0 && 'k6 is not on the PATH';

test('without k6 the error says how to install it', async (t) => {
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
  });
  process.env.PATH = '/nonexistent';
  const refused = { constructor: EnvironmentError, message: /^k6 was not found on the PATH: .*go install/ };
  await assert.rejects(k6Load.start(options('http://127.0.0.1:1', [scenario('any')])), refused);
});

describe('with k6', { skip: noK6 }, () => {
  test('every fault is reported as the right failure', async (t) => {
    const { url } = await serve(t);
    const faults: Record<string, Partial<Scenario>> = {
      reset: { path: '/reset', connection: 'fresh' },
      close: { path: '/close' },
      cut: { path: '/cut' },
      hang: { path: '/hang', timeoutMs: 200, connections: 10 },
      status: { path: '/status/503' },
      'reset-second': { path: '/reset-second' },
    };
    const { record } = await load(
      options(
        url,
        Object.entries(faults).map(([name, fault]) => scenario(name, fault)),
      ),
      600,
    );
    assert.deepEqual(kindsOf(record), {
      reset: ['fresh wait ECONNRESET'],
      close: ['fresh wait closed'],
      cut: ['fresh receive closed'],
      hang: ['fresh wait timeout'],
      status: ['fresh receive status 503', 'reused receive status 503'],
      'reset-second': ['reused wait ECONNRESET'],
    });
    assert.equal(record.droppedRequests, 0);
    assert.equal(record.failures.length + successesOf(record), record.plannedRequests);
  });

  test('a refused connection', async (t) => {
    const { server, url } = await serve(t);
    await server.close();
    const { record } = await load(options(url, [scenario('refused')]), 300);
    assert.deepEqual(kindsOf(record), { refused: ['fresh connect ECONNREFUSED'] });
    assert.equal(record.connectionReuse, undefined, 'a request without a connection says nothing of reuse');
  });

  test('stopping counts every request that had started until it ends, and none that starts later', async (t) => {
    const { server, url } = await serve(t);
    const slow = scenario('slow', { path: '/slow/700', ratePerSecond: 50, connections: 60 });
    const running = await k6Load.start(options(url, [slow, scenario('quick', { ratePerSecond: 100 })]));
    await wait(1000);
    const { stoppedMs, record } = await running.stop();

    assert.deepEqual(record.failures, []);
    const arrivedBy = (ms: number) => server.arrivals.filter(({ atEpochMs }) => clock.fromEpochMs(atEpochMs) <= ms);
    assert.equal(record.plannedRequests, successesOf(record));
    assert.ok(record.plannedRequests >= arrivedBy(stoppedMs).length, 'all that had arrived are counted');
    // A request counted by its start may have reached the server a little later.
    assert.ok(record.plannedRequests <= arrivedBy(stoppedMs + 100).length, 'none that started later are');
    assert.ok(successesOf(record, 'slow') > 45, 'those in flight at the stop among them');
    assert.ok(record.successes.every(({ bucket }) => bucket * 100 <= stoppedMs));
    assert.equal(await running.stop().then((again) => again.record), record, 'a second stop gives the same');
  });

  test('there is one fresh connection per request, and one keep-alive connection per virtual user', async (t) => {
    const { server, url } = await serve(t);
    const scenarios = [
      scenario('kept', { path: '/kept', connections: 2 }),
      scenario('fresh', { path: '/fresh', connection: 'fresh' }),
    ];
    const { record } = await load(options(url, scenarios), 1000);
    const onFirst = (path: string) => server.arrivals.filter((arrival) => arrival.path === path && arrival.nth === 1);
    // Two for the request mix, and spare ones for a quarter of a second (loadtest.js).
    const users = 2 + 20 / 4;
    assert.equal(onFirst('/kept').length, users);
    assert.equal(onFirst('/fresh').length, server.arrivals.filter(({ path }) => path === '/fresh').length);
    const kept = successesOf(record, 'kept');
    assert.equal(record.connectionReuse, (kept - users) / kept);
    assert.deepEqual(Object.keys(record.latency).sort(), ['fresh', 'kept']);
    assert.equal(new Set(server.arrivals.map(({ id }) => id)).size, server.arrivals.length, 'ids are unique');
    assert.match(record.generator, /^k6 v\d/);
  });

  test('ids that the pod had seen before count as hidden retries', async (t) => {
    const { url } = await serve(t);
    const { record } = await load(options(url, [scenario('any', { path: '/seen-before' })]), 300);
    assert.deepEqual(record.hiddenRetries, { client: record.plannedRequests });
  });

  test('arrivals that no virtual user could start count as planned and dropped', async (t) => {
    const { url } = await serve(t);
    const { record } = await load(options(url, [scenario('any', { path: '/slow/400', connections: 1 })]), 1000);
    assert.ok(record.droppedRequests > 0);
    assert.equal(record.plannedRequests, successesOf(record) + record.droppedRequests);
  });

  test("the Service's proxy shows where a failed request went", async (t) => {
    const { url } = await serve(t);
    const seen: ProxiedRequest = {
      router: 'node-2',
      pod: { uid: 'old-1', name: 'old-1' },
      connectError: 'ECONNREFUSED',
      connection: 'fresh',
    };
    const routes: Target = {
      kind: 'routes',
      url,
      current: () => ({ headless: false, routers: [] }),
      onChange: () => {},
      proxiedRequest: () => seen,
    };
    const { record } = await load({ ...options(url, [scenario('any', { path: '/reset' })]), target: routes }, 300);
    const [failure] = record.failures;
    assert.ok(failure);
    assert.deepEqual(
      [failure.attempts[0]?.via, failure.attempts[0]?.pod?.name, failure.client.phase, failure.client.error],
      ['node-2', 'old-1', 'connect', 'ECONNREFUSED'],
    );
  });

  test('requests to a virtual host have their id in the query, and begin once 20 answers in a row are good', async (t) => {
    const { server, url } = await serve(t);
    server.unknownForMs = 1000;
    const virtualHost = 'trial-1.example.com';
    const scenarios = [scenario('kept', { path: '/work?ms=5' }), scenario('fresh', { connection: 'fresh' })];
    const { record } = await load({ ...options(url, scenarios), target: { kind: 'url', url, virtualHost } }, 500);
    assert.deepEqual(record.failures, []);
    const { arrivals } = server;
    assert.deepEqual([...new Set(arrivals.map(({ host }) => host))], [virtualHost]);
    const counted = arrivals.findIndex(({ id }) => id !== 'first-answer');
    const asked = arrivals.slice(0, counted);
    const [first] = asked;
    assert.ok(first);
    assert.equal(asked.filter(({ atEpochMs }) => atEpochMs - first.atEpochMs >= server.unknownForMs).length, 20);
    assert.ok(asked.length > 20, 'it had asked before, too');
    for (const { path, nth } of asked) assert.deepEqual([path, nth], ['/work?ms=5', 1]);
    const requests = arrivals.slice(counted);
    assert.equal(requests.length >= record.plannedRequests && record.plannedRequests > 0, true);
    for (const { id, path } of requests) {
      const [start, query] = id.includes('-kept-') ? ['/work?ms=5', '&'] : ['/', '?'];
      assert.equal(path, `${start}${query}rollout-test-request=${id}`);
    }
  });

  test('requests to a URL of their own have its host, and no id in the query', async (t) => {
    const { server, url } = await serve(t);
    await load(options(url, [scenario('any')]), 200);
    assert.deepEqual([...new Set(server.arrivals.map(({ host }) => `http://${host}`))], [url]);
    assert.deepEqual([...new Set(server.arrivals.map(({ path }) => path))], ['/']);
  });

  test('a load that ends before it is stopped fails in one line', async (t) => {
    const { server, url } = await serve(t);
    const before = leftBehind();
    const running = await k6Load.start({
      ...options(url, [scenario('any', { path: '/slow/300', connections: 10 })]),
      maxDurationMs: 1000,
    });
    const expired = { name: 'ProgramError', message: /^the load ended after 0\.0\d* min, the longest that a trial / };
    await assert.rejects(running.died, expired);
    assert.ok(server.arrivals.length > 0);
    await assert.rejects(running.stop(), expired);
    assert.deepEqual(leftBehind(), before);
  });

  test('aborting kills k6 and leaves nothing behind', async (t) => {
    const { server, url } = await serve(t);
    const before = leftBehind();
    const abort = new AbortController();
    const running = await k6Load.start({ ...options(url, [scenario('any')]), signal: abort.signal });
    abort.abort(new Error('interrupted'));
    await assert.rejects(running.died, /^Error: interrupted$/);
    await assert.rejects(running.stop(), /^Error: interrupted$/);
    const arrivals = server.arrivals.length;
    await wait(300);
    assert.equal(server.arrivals.length, arrivals);
    assert.deepEqual(leftBehind(), before);
  });

  test("an unexpected end is reported with k6's output", async () => {
    const died = {
      name: 'ProgramError',
      exitCode: 4,
      message: /^k6 exited unexpectedly \(exit code 107\): .*URL must be set/,
    };
    await assert.rejects(k6Load.start(options('nowhere', [scenario('any')])), died);
  });
});

const clock = startClock();

async function serve(t: TestContext): Promise<{ server: FaultyServer; url: string }> {
  const server = new FaultyServer();
  const url = await server.listen();
  t.after(() => server.close().catch(() => {})); // a test may have closed it
  return { server, url };
}

function scenario(name: string, properties: Partial<Scenario> = {}): Scenario {
  const common = { method: 'POST', path: '/', body: '{}', connection: 'keep-alive', ratePerSecond: 20 } as const;
  return { name, ...common, connections: 4, timeoutMs: 2000, ...properties };
}

function options(url: string, scenarios: Scenario[]): LoadOptions {
  return {
    requestMix: { format: 'k8s-rollout-test/workload/1', scenarios },
    target: { kind: 'url', url },
    clock,
    seed: 1,
    maxDurationMs: 20_000,
    signal: new AbortController().signal,
  };
}

async function load(loadOptions: LoadOptions, durationMs: number): Promise<{ record: LoadRecord }> {
  const running = await k6Load.start(loadOptions);
  await Promise.race([wait(durationMs), running.died]);
  return running.stop();
}

/** The kinds of failures that were seen, by scenario. */
function kindsOf({ failures }: LoadRecord): Record<string, string[]> {
  const kinds: Record<string, Set<string>> = {};
  for (const { scenario, client } of failures) {
    const { connection, phase, error, status = '' } = client;
    kinds[scenario] ??= new Set();
    kinds[scenario].add(`${connection} ${phase} ${error} ${status}`.trim());
  }
  return Object.fromEntries(Object.entries(kinds).map(([name, set]) => [name, [...set].sort()]));
}

function successesOf({ successes }: LoadRecord, scenario?: string): number {
  return successes
    .filter((bucket) => scenario === undefined || bucket.scenario === scenario)
    .reduce((sum, { count }) => sum + count, 0);
}

function leftBehind(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('k8s-rollout-test-k6-'));
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
