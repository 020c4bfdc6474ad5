import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Endpoint, RoutingTable } from '../../src/clusters/cluster.ts';
import {
  type Dialled,
  type NetworkOptions,
  RejectLimiter,
  ServiceNetwork,
} from '../../src/clusters/local/service-network.ts';
import { seededRandom } from '../../src/random.ts';
import { fakeTime } from './fake-node.ts';

describe("Linux's limit of ICMP errors to one peer", () => {
  /** Times in ms at which errors are due, and whether each is sent (+) or dropped (-). */
  const table: [what: string, atMs: number[], sent: string][] = [
    ['a burst of six', [0, 0, 0, 0, 0, 0, 0, 0], '++++++--'],
    ['then one per second', [0, 0, 0, 0, 0, 0, 999, 1000, 1001, 1999, 2000], '++++++-+--+'],
    [
      'at most six are saved up',
      [0, 0, 0, 0, 0, 0, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000],
      '++++++++++++-',
    ],
    ['errors one second apart are always sent', [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000], '++++++++'],
    ['the start of the clock does not matter', [1e9, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9], '++++++-'],
  ];
  for (const [what, atMs, sent] of table) {
    test(what, () => {
      const limiter = new RejectLimiter();
      assert.equal(atMs.map((ms) => (limiter.take(ms) ? '+' : '-')).join(''), sent);
    });
  }
});

/** A network with fake time whose routes the test sets, and the result of each connection: '3000 a EHOSTUNREACH'. */
function network(t: TestContext, options: NetworkOptions = {}) {
  const time = fakeTime(t);
  const set: RoutingTable = { headless: false, routers: [] };
  const net = new ServiceNetwork(() => set, seededRandom(7), options);
  const results: string[] = [];
  const note = ({ endpoint, error }: Dialled) =>
    results.push([time.nowMs(), endpoint?.pod.name, error].filter((part) => part !== undefined).join(' '));
  return {
    results,
    pass: time.pass,
    headless() {
      set.headless = true;
    },
    /** Each router's endpoints: `{ node1: 'a b- c!' }`. A minus means that the pod's network is gone, `!` that it refuses. */
    routes(routers: Record<string, string>) {
      set.routers = Object.entries(routers).map(([name, pods]) => ({ name, endpoints: endpoints(pods) }));
    },
    dial: (done: (result: Dialled) => void = note) => net.dial(done),
  };
}

function endpoints(pods: string): Endpoint[] {
  const names = pods.split(' ').filter(Boolean);
  return names.map((name) => ({
    pod: { uid: name.replace(/[-!]/, ''), name: name.replace(/[-!]/, '') },
    host: '127.0.0.1',
    port: 8080,
    reachable: !name.endsWith('-'),
    refuses: name.endsWith('!'),
  }));
}

describe('a connection to a Service', () => {
  test('to a headless Service without pods fails immediately, because its name does not resolve', (t) => {
    const { routes, dial, results, headless } = network(t);
    headless();
    routes({ dns: '' });
    for (let i = 0; i < 10; i++) dial();
    assert.deepEqual(results, Array(10).fill('0 ENOTFOUND'));
  });

  test('goes to an endpoint immediately', (t) => {
    const { routes, dial, results } = network(t);
    routes({ node1: 'a' });
    dial();
    assert.deepEqual(results, ['0 a']);
  });

  test('uses all routers and endpoints equally', (t) => {
    const { routes, dial } = network(t);
    routes({ node1: 'a b', node2: 'c d' });
    const counts = new Map<string, number>();
    const count = ({ router, endpoint }: Dialled) => {
      const key = `${router} ${endpoint?.pod.name}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    };
    for (let i = 0; i < 4000; i++) dial(count);
    assert.deepEqual([...counts.keys()].sort(), ['node1 a', 'node1 b', 'node2 c', 'node2 d']);
    for (const [key, times] of counts) assert.ok(Math.abs(times - 1000) < 150, `${key}: ${times} of 4000`);
  });

  test('goes to one that refuses it as often as to others', (t) => {
    const { routes, dial, results } = network(t);
    routes({ node1: 'a b!' });
    for (let i = 0; i < 100; i++) dial();
    assert.deepEqual([...new Set(results)].sort(), ['0 a', '0 b']);
  });

  test('goes elsewhere if those that are refused do not get that far, as often as before', (t) => {
    const { routes, dial } = network(t, { refusedBefore: true });
    routes({ node1: 'a b!', node2: 'c d' });
    const counts: Record<string, number> = {};
    for (let i = 0; i < 3000; i++)
      dial(({ endpoint: { pod } = { pod: { name: '' } } }) => (counts[pod.name] = (counts[pod.name] ?? 0) + 1));
    assert.deepEqual(Object.keys(counts).sort(), ['a', 'c', 'd']);
    for (const [name, times] of Object.entries(counts)) assert.ok(Math.abs(times - 1000) < 150, `${name}: ${times}`);
  });

  test('is not decided for ever if all refuse it', (t) => {
    const { routes, dial, results } = network(t, { refusedBefore: true });
    routes({ node1: 'a!' });
    dial();
    assert.deepEqual(results, ['0 a']);
  });

  const unanswered: [what: string, options: NetworkOptions, result: string][] = [
    ['waits for it', {}, '3000 gone EHOSTUNREACH'],
    ['takes the next one that works, if its client does that', { takesFree: true }, '500 new'],
  ];
  for (const [what, options, result] of unanswered) {
    test(`that gets no answer ${what}`, async (t) => {
      const { routes, dial, results, pass } = network(t, options);
      routes({ node1: 'gone-' });
      for (let i = 0; i < 3; i++) dial();
      dial()();
      await pass(500);
      routes({ node1: 'shut!' });
      dial();
      routes({ node1: 'new' });
      dial();
      await pass(3000);
      assert.deepEqual(results, ['500 shut', '500 new', ...Array(3).fill(result)]);
    });
  }

  test('is refused without an endpoint, but after six refusals waits until a retransmitted SYN finds one', async (t) => {
    const { routes, dial, results, pass } = network(t);
    routes({ node1: '' });
    for (let i = 0; i < 7; i++) dial();
    assert.deepEqual(results, Array(6).fill('0 ECONNREFUSED'));
    await pass(500);
    routes({ node1: 'a' });
    await pass(499);
    assert.equal(results.length, 6);
    await pass(1);
    assert.deepEqual(results[6], '1000 a');
  });

  test("retransmits its SYN after 1, 3, 7, 15 and 31 s, and then waits for the client's timeout", async (t) => {
    const { routes, dial, results, pass } = network(t);
    routes({ node1: '' });
    const noErrors = t.mock.method(RejectLimiter.prototype, 'take', () => false);
    dial();
    await pass(70_000);
    assert.deepEqual([noErrors.mock.callCount(), results], [6, []]);
    const sentMs = noErrors.mock.calls.map(({ arguments: [nowMs] }) => nowMs);
    assert.deepEqual(sentMs, [0, 1000, 3000, 7000, 15_000, 31_000]);
  });

  test('that waits is refused at a retransmission if an error is allowed again', async (t) => {
    const { routes, dial, results, pass } = network(t);
    routes({ node1: '' });
    for (let i = 0; i < 7; i++) dial();
    await pass(1000);
    assert.deepEqual(results[6], '1000 ECONNREFUSED');
  });

  test('is subject to a separate error limit per router', (t) => {
    const { routes, dial, results } = network(t);
    routes({ node1: '', node2: '' });
    for (let i = 0; i < 100; i++) dial();
    assert.deepEqual(results, Array(12).fill('0 ECONNREFUSED'));
  });

  test('to a pod whose network is gone fails as unreachable after 3 s', async (t) => {
    const { routes, dial, results, pass } = network(t);
    routes({ node1: 'a-' });
    dial();
    await pass(1500);
    routes({ node1: 'b' });
    await pass(1499);
    assert.deepEqual(results, [], 'conntrack sends every retransmission to the same pod');
    await pass(1);
    assert.deepEqual(results, ['3000 a EHOSTUNREACH']);
  });

  test('that is given up has no result', async (t) => {
    const { routes, dial, results, pass } = network(t);
    routes({ node1: 'a-' });
    dial()();
    routes({ node1: '' });
    const giveUps = Array.from({ length: 7 }, () => dial());
    results.length = 0;
    giveUps[6]?.();
    routes({ node1: 'a' });
    await pass(40_000);
    assert.deepEqual(results, []);
  });

  test('keeps its router while it waits', async (t) => {
    const { routes, dial, results, pass } = network(t);
    routes({ node1: '' });
    for (let i = 0; i < 7; i++) dial();
    routes({ node1: '', node2: 'b' });
    await pass(999);
    routes({ node1: 'a', node2: 'b' });
    await pass(1);
    assert.deepEqual(results[6], '1000 a');
  });

  test('is refused if there is no router', (t) => {
    const { dial, results } = network(t);
    dial();
    assert.deepEqual(results, ['0 ECONNREFUSED']);
  });
});
