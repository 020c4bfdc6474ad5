/** k6 in a Job of a cluster. The test plays the API server, the Job controller and k6. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Target } from '../../src/clusters/cluster.ts';
import { k6JobLoad } from '../../src/load/k6/k6-job.ts';
import type { RequestMix } from '../../src/load/request-mix.ts';
import { startClock } from '../../src/trace/clock.ts';
import { within } from '../app/within.ts';
import { cut, type Fault, html, refuse } from '../kubernetes/api-server/faults.ts';
import { type PodState, podObject, warning } from '../kubernetes/api-server/objects.ts';
import { startApiServer } from '../kubernetes/api-server/server.ts';
import { wholeSeconds } from '../kubernetes/api-server/store.ts';

const AT_ONCE = { concurrency: true };
const METRICS = /metrics\/dropped_iterations/;
const LOG = /rollout-test-load-\d-x\/log/;
/** How far k6's clock is ahead of ours. */
const SKEW_MS = 60_000;

const MIX: RequestMix = {
  format: 'k8s-rollout-test/workload/1',
  scenarios: [
    { name: 'fresh', method: 'GET', path: '/', connection: 'fresh', ratePerSecond: 10, connections: 1, timeoutMs: 500 },
  ],
};

const nowMs = () => performance.timeOrigin + performance.now();

async function loaded(t: TestContext, pods = 1) {
  const { server, api } = await startApiServer(t);
  const dropped = [3, 5, 8, 13];
  server.proxy = (_pod, port, path) =>
    port === '6565' && path.endsWith('/dropped_iterations')
      ? { body: JSON.stringify({ data: { attributes: { sample: { count: dropped.shift() ?? 13 } } } }) }
      : undefined;
  const aborting = new AbortController();
  t.after(() => aborting.abort());
  const target: Target = {
    kind: 'service',
    url: 'http://10.96.0.7',
    namespace: 'ns',
    clockOffset: () => ({ offsetMs: 0, boundMs: 1 }),
  };
  const start = () => {
    const starting = k6JobLoad({ api, image: 'grafana/k6:1', pods }).start({
      requestMix: MIX,
      target,
      clock: startClock(),
      seed: 1,
      maxDurationMs: 60_000,
      signal: aborting.signal,
    });
    starting.catch(() => {});
    return within(15_000, 'the first requests', starting);
  };
  const pod = (index: number, state: PodState) =>
    server.store.put(
      podObject(`rollout-test-load-${index}-x`, {
        labels: { 'batch.kubernetes.io/job-name': 'rollout-test-load' },
        annotations: { 'batch.kubernetes.io/job-completion-index': String(index) },
        container: 'k6',
        ...state,
      }),
    );
  const log = (index: number) => server.log('ns', `rollout-test-load-${index}-x`);
  /** The pod's container runs, and its script has begun. */
  const begin = async (index: number) => {
    await server.until('the Job', () => server.requests(/\/jobs$/, 'POST').length > 0);
    pod(index, { startedAt: wholeSeconds(), ready: true });
    log(index).write(JSON.stringify({ startedAtMs: nowMs() + SKEW_MS }));
  };
  let iterations = 0;
  const request = (index: number, fields: object = {}) => {
    const startedAtMs = nowMs() + SKEW_MS - 2;
    const line = { scenario: 'fresh', iteration: iterations++, vu: 1, pod: 'web-1', failed: false, latencyMs: 1 };
    const times = { startedAtMs, endedAtMs: startedAtMs + 1, serverTimeMs: nowMs() };
    log(index).write(JSON.stringify({ ...line, ...times, connection: 'fresh', ...fields }));
  };
  /** Enough requests to determine the offset of k6's clock. */
  const requests = (index: number, count = 60) => {
    for (let i = 0; i < count; i++) request(index);
  };
  return { server, start, pod, log, begin, request, requests, aborting };
}

type Loaded = Awaited<ReturnType<typeof loaded>>;

describe('k6 in a cluster', AT_ONCE, () => {
  test('its requests are counted from its output, on our clock', async (t) => {
    const { server, start, begin, requests, request, log } = await loaded(t);
    const starting = start();
    await begin(0);
    requests(0);
    const running = await starting;
    assert.ok(Math.abs(running.startedMs) < 10_000, `${running.startedMs}`);
    assert.equal(running.progress().started, 60);
    const failure = { failed: true, id: 'r-60', error: 'connection reset by peer', errorCode: 1220 };
    const timings = { blocked: 1, connecting: 1, sending: 1, waiting: 1, receiving: 0 };
    log(0).write('level=warning garbage {"not": json');
    request(0, { ...failure, timings, latencyMs: undefined, connection: undefined });
    const stopping = running.stop();
    assert.equal(running.stop(), stopping, 'it is stopped once');
    await new Promise((resolve) => setTimeout(resolve, 150)); // the fence
    request(0);
    const { record, stoppedMs } = await within(10_000, 'the record', stopping);
    assert.ok(stoppedMs > running.startedMs);
    assert.equal(record.generator, 'k6 (grafana/k6:1)');
    assert.equal(record.failures.length, 1);
    assert.equal(record.failures[0]?.client.error, 'ECONNRESET');
    assert.ok((record.clockBoundMs ?? Number.NaN) < 100, String(record.clockBoundMs));
    assert.equal(record.lostRequests, undefined);
    const jobs = server.requests(/\/jobs$/, 'POST').map(({ body }) => JSON.parse(body));
    assert.deepEqual([jobs.length, jobs[0].spec.completions], [1, 1]);
    const maps = server.requests(/\/configmaps$/, 'POST').map(({ body }) => JSON.parse(body));
    assert.deepEqual(JSON.parse(maps[0].data['workload.json']), MIX);
    await server.watched();
  });

  test('two pods share the load, and start waits for the slower one', async (t) => {
    const { start, begin, requests } = await loaded(t, 2);
    let started = false;
    const starting = start().then((running) => {
      started = true;
      return running;
    });
    await begin(0);
    requests(0);
    assert.equal(started, false);
    await begin(1);
    requests(1);
    await starting;
  });

  test('a log that is cut within a line and followed again yields every line once', async (t) => {
    const { server, start, begin, requests, request, log } = await loaded(t);
    const starting = start();
    await begin(0);
    requests(0);
    const running = await starting;
    for (let i = 0; i < 3; i++) {
      const asked = server.requests(LOG).length;
      log(0).cut('2026-01-01T00:00:00Z {"scenario":"fre');
      request(0);
      await server.requested(LOG, asked + 1);
      await server.until('the log', () => log(0).followers === 1);
    }
    request(0);
    await server.until('all lines', () => {
      setTimeout(() => server.emit('step'), 10);
      return running.progress().started === 64;
    });
  });
});

describe("the cause of the load's end is reported immediately", AT_ONCE, () => {
  const running = async (t: TestContext) => {
    const load = await loaded(t);
    const starting = load.start();
    await load.begin(0);
    load.requests(0);
    return { ...load, load: await starting };
  };
  const table: [what: string, ends: (load: Loaded) => void, words: RegExp][] = [
    [
      'k6 fails, and its last lines arrive later',
      ({ pod, log }) => {
        pod(0, { terminated: { exitCode: 107 } });
        log(0).write('GoError: script exception');
        log(0).end();
      },
      /^EnvironmentError: k6 exited unexpectedly \(exit code 107\): GoError: script exception$/,
    ],
    [
      'k6 runs out of memory',
      ({ pod, log }) => {
        pod(0, { terminated: { exitCode: 137, reason: 'OOMKilled' } as never });
        log(0).end();
      },
      /^EnvironmentError: k6 exited unexpectedly \(exit code 137, OOMKilled\): it printed nothing$/,
    ],
    [
      'its maximum duration passes',
      ({ pod, log }) => {
        pod(0, { terminated: { exitCode: 99 } });
        log(0).end();
      },
      /^ProgramError: the load ended after 1 min/,
    ],
    [
      'its pod is evicted',
      ({ server, log }) => {
        const status = { phase: 'Failed', reason: 'Evicted', message: 'low on memory', containerStatuses: [] };
        server.store.change('Pod', 'ns', 'rollout-test-load-0-x', { status });
        log(0).end();
      },
      /^EnvironmentError: the load pod rollout-test-load-0-x \(Evicted\): the pod has failed: low on memory$/,
    ],
    [
      'its pod is deleted',
      ({ server, log }) => {
        server.store.remove('Pod', 'ns', 'rollout-test-load-0-x');
        log(0).end();
      },
      /^EnvironmentError: the load pod rollout-test-load-0-x was deleted while it made requests$/,
    ],
    [
      'it runs a scenario that is not in the request mix',
      ({ request }) => request(0, { scenario: 'other' }),
      /a scenario that is not in the request mix: other/,
    ],
  ];
  for (const [what, ends, words] of table) {
    test(what, async (t) => {
      const { load, ...rest } = await running(t);
      ends(rest);
      await assert.rejects(within(10_000, 'its death', load.died), words);
      await assert.rejects(within(10_000, 'its end', load.stop()), words);
    });
  }

  test('Ctrl-C', async (t) => {
    const { load, aborting, server } = await running(t);
    aborting.abort(new Error('Ctrl-C'));
    await assert.rejects(load.died, /^Error: Ctrl-C$/);
    await server.watched();
  });
});

describe('a load that never starts', AT_ONCE, () => {
  const table: [what: string, happens: (load: Loaded) => void, words: RegExp][] = [
    [
      'the image cannot be pulled',
      ({ pod }) => pod(0, { waiting: { reason: 'ErrImagePull', message: 'not found' } }),
      /^EnvironmentError: the load: the image web:1 of pod rollout-test-load-0-x cannot be pulled \(ErrImagePull\): not found$/,
    ],
    [
      'a quota',
      ({ server }) => {
        server.store.put(warning('FailedCreate', 'exceeded quota', { kind: 'Job', name: 'rollout-test-load' }));
      },
      /^EnvironmentError: the load: the cluster rejects the pods: exceeded quota$/,
    ],
    [
      'k6 fails immediately, before its clock is known',
      ({ pod, log }) => {
        log(0).write('level=error msg="could not load the script"');
        log(0).end();
        pod(0, { terminated: { exitCode: 107 } });
      },
      /k6 exited unexpectedly \(exit code 107\): level=error msg="could not load the script"$/,
    ],
    [
      'its pod is evicted before it started',
      ({ pod, server }) => {
        pod(0, {});
        const status = { phase: 'Failed', reason: 'Evicted', message: 'low on disk', containerStatuses: [] };
        server.store.change('Pod', 'ns', 'rollout-test-load-0-x', { status });
      },
      /the load pod rollout-test-load-0-x \(Evicted\): the pod has failed: low on disk$/,
    ],
  ];
  for (const [what, happens, words] of table) {
    test(what, async (t) => {
      const load = await loaded(t);
      const starting = load.start();
      await load.server.watched('events', 'pods');
      happens(load);
      await assert.rejects(starting, words);
    });
  }

  test('the API server rejects the Job', async (t) => {
    const { server, start } = await loaded(t);
    server.fault({ method: 'POST', path: /\/jobs$/, does: refuse(403, 'jobs is forbidden') });
    await assert.rejects(start(), /^EnvironmentError: cannot create the load on here: jobs is forbidden$/);
  });

  test('Ctrl-C', async (t) => {
    const { server, start, aborting } = await loaded(t);
    const starting = start();
    await server.watched('events', 'pods');
    aborting.abort(new Error('Ctrl-C'));
    await assert.rejects(starting, /^Error: Ctrl-C$/);
    await server.watched();
  });
});

describe('the number of requests that k6 could not start', AT_ONCE, () => {
  const json: Fault['does'] = (response) => response.writeHead(200).end('{"data":7}');
  const table: [what: string, does: Fault['does'], times: number, words: RegExp | undefined][] = [
    ['is requested again if the proxy fails once', refuse(503, 'no'), 1, undefined],
    ['is requested again after a cut', cut(), 2, undefined],
    ['is requested again after a cut within the response', cut('{"data"'), 1, undefined],
    ['is unknown if the proxy always fails', refuse(502, 'no'), 9, /did not report .*: HTTP status 502: \{/],
    [
      'is unknown if the response is HTML',
      html(200),
      9,
      /^ProgramError: k6 in rollout-test-load-0-x did not report .*: HTTP status 200: <html> /,
    ],
    [
      'is unknown if the response is other JSON',
      json,
      9,
      /did not report its dropped iterations: HTTP status 200: \{"data":7\}$/,
    ],
    [
      'is unknown without a response',
      cut(),
      9,
      /^EnvironmentError: cannot ask k6 in rollout-test-load-0-x for its metrics/,
    ],
  ];
  for (const [what, does, times, words] of table) {
    test(what, async (t) => {
      const { server, start, begin, requests } = await loaded(t);
      server.fault({ path: METRICS, times, does });
      const starting = start();
      await begin(0);
      requests(0);
      if (words) await assert.rejects(starting, words);
      else await starting;
    });
  }
});
