/**
 * Sends the load for one variant of one runtime, with k6:
 *
 *   k6 run -e URL=http://127.0.0.1:8080 -e RUNTIME=bun -e VARIANT=valid loadtest.js
 *
 *   URL          the address of the service (required)
 *   RATE         requests/s of all scenarios together (default: the rates in workload.json)
 *   DURATION     for how long to start requests (default 45s)
 *   RUNTIME, VARIANT  names for the result (default unnamed)
 *   OUT          file for the result, or an existing folder that ends in / (default the current folder);
 *                - prints the result in one line
 *   WORKLOAD     another workload file
 *   REQUEST_LOG  all: print every request, not only failed ones
 *   HOST         the Host header of every request, for a gateway that serves other hosts too; the id of each request is then in
 *                its query as well. No request is counted before the gateway has learned of the host
 *   SEGMENTS, SEGMENT  the number of k6 instances that share the load, and the number of this one (0, 1 …)
 *
 * The scenarios come from workload.json. Each is an open model: requests start when the schedule says so, whether or not
 * earlier ones have been answered. If a request fails, or could not be started in time, k6 exits with 99.
 */
import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Rate, Trend } from 'k6/metrics';

/** k6's error codes: those for requests without a response, and one for each error status. */
const ERROR_CODES = [
  ...[1000, 1010, 1020, 1050, 1100, 1101, 1110, 1111, 1200, 1201, 1202, 1210, 1211, 1212, 1213, 1220],
  ...[1300, 1301, 1310, 1311, 1701],
  ...Array.from({ length: 200 }, (_, index) => 1400 + index),
].map(String);
/** Our code where k6 has none: for a response that is neither 2xx nor 4xx nor 5xx. */
const OTHER_STATUS = 'other-status';

// The same limits as in src/load/request-mix.ts, which checks more: the most that one machine can send, and a path without a
// second request in it.
const MAX_RATE_PER_S = 20000;
const MAX_CONNECTIONS = 20000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,59}$/;
const HOST = /^(\[[0-9a-f:.]+\]|[A-Za-z0-9._-]+)(:\d+)?$/;
/** As in src/gateways/installed/request-id.ts. */
const ID_PARAMETER = 'rollout-test-request';
// A gateway may have several instances, which learn of a host one after the other.
const ANSWERS_WANTED = 20;
const ANSWERS_LIMIT_MS = 45000;
const PATH = /^\/(?!\/)[\x21\x22\x24-\x5b\x5d-\x7e]*$/;

const settings = readSettings(__ENV);
const scenarios = readScenarios();

// Virtual users share no memory with handleSummary; only metrics reach it. So everything that the summary counts is a metric.
// Separate counts use tags, each with a threshold that always holds, because k6 then keeps figures for the tag.
const requests = new Counter('requests');
const failedRequests = new Counter('failed_requests');
const hiddenRetries = new Counter('hidden_retries');
const connectionReuse = new Rate('connection_reuse');
const latency = new Trend('latency', true);

// k6 runs this file once for itself and once for each virtual user, but uses the options of its own run only.
export const options = __VU === 0 ? readOptions() : {};

/** Runs once, before any request. Every virtual user gets the same result. */
export function setup() {
  if (settings.host !== undefined) awaitAnswers();
  const startedAtMs = Date.now();
  // Request ids differ between runs, so a pod that outlives a run does not count the next run's requests as repeats.
  return { startedAtMs, run: startedAtMs.toString(36) };
}

/** Returns once the gateway has passed on what the service answers, several times in a row. */
function awaitAnswers() {
  const [scenario] = scenarios;
  const endMs = Date.now() + ANSWERS_LIMIT_MS;
  for (let answers = 0; answers < ANSWERS_WANTED; ) {
    const url = settings.url + scenario.path;
    const params = {
      headers: { ...headers(scenario, 'first-answer'), Connection: 'close' },
      timeout: scenario.timeoutMs,
    };
    const { status, error } = http.request(scenario.method, url, scenario.body ?? null, params);
    answers = status >= 200 && status < 300 ? answers + 1 : 0;
    if (Date.now() > endMs) {
      exec.test.abort(
        `${settings.url} with Host: ${settings.host} has not passed on what the pods answer for ${ANSWERS_LIMIT_MS / 1000} s: ${error || `status ${status}`}`,
      );
    }
    sleep(0.1);
  }
}

/** Sends one request. Every scenario uses this function. */
export function request({ run }) {
  const scenario = scenarios.find(({ name }) => name === exec.scenario.name);
  // Numbered without gaps within this instance; iterationInTest is unique across all instances.
  const iteration = exec.scenario.iterationInInstance;
  const id = `${run}-${scenario.name}-${exec.scenario.iterationInTest}`;
  if (settings.logAll && iteration === 0) console.log(JSON.stringify({ startedAtMs: exec.scenario.startTime }));
  const startedAtMs = Date.now();
  const response = http.request(scenario.method, settings.url + pathOf(scenario, id), scenario.body ?? null, {
    headers: headers(scenario, id),
    timeout: scenario.timeoutMs,
    tags: { name: scenario.path },
  });
  const endedAtMs = Date.now();
  // k6 itself ended (Ctrl-C) and cut the request, not the service.
  if (response.error === 'context canceled') return;

  const failed = response.error_code !== 0 || response.status < 200 || response.status > 299;
  const { timings } = response;
  // `blocked` includes connecting; k6's own `duration` leaves both out.
  const latencyMs = timings.blocked + timings.duration;
  const pod = response.headers['X-Pod-Name'];
  const requestCount = Number(response.headers['X-Request-Count'] ?? 1);

  requests.add(1, pod ? { pod } : {});
  if (failed) failedRequests.add(1, { error_code: response.error_code ? String(response.error_code) : OTHER_STATUS });
  else latency.add(latencyMs);
  if (requestCount > 1) hiddenRetries.add(1);
  // A request that never had a connection says nothing about reuse.
  if (scenario.connection === 'keep-alive' && timings.blocked > 0) connectionReuse.add(timings.connecting === 0);

  if (!failed && !settings.logAll) return;
  const line = {
    scenario: scenario.name,
    iteration,
    startedAtMs,
    endedAtMs,
    failed,
    vu: exec.vu.idInTest,
    pod,
    serverTimeMs: response.headers['X-Server-Time'] ? Number(response.headers['X-Server-Time']) : undefined,
  };
  if (failed) {
    const { error, error_code: errorCode, status } = response;
    const outcome = { error: error || undefined, errorCode: errorCode || undefined, status: status || undefined };
    console.error(JSON.stringify({ ...line, id, requestCount, ...outcome, timings }));
  } else {
    // As short as possible: there are many lines, and a cluster keeps 10 MB of a container's output.
    const connection = timings.connecting > 0 ? 'fresh' : 'reused';
    const repeats = requestCount > 1 ? { requestCount } : {};
    console.log(JSON.stringify({ ...line, ...repeats, latencyMs: Number(latencyMs.toFixed(3)), connection }));
  }
}

/** Writes the result of this variant to a file, and a summary to the terminal. */
export function handleSummary({ metrics, state, setup_data: start }) {
  const count = (name) => metrics[name]?.values.count ?? 0;
  const failuresByErrorCode = {};
  for (const code of [...ERROR_CODES, OTHER_STATUS]) {
    const failures = count(byErrorCode(code));
    if (failures > 0) failuresByErrorCode[code] = failures;
  }
  const summary = {
    format: 'k8s-rollout-test/k6-summary/1',
    runtime: settings.runtime,
    variant: settings.variant,
    url: settings.url,
    startedAt: new Date(start.startedAtMs).toISOString(),
    endedAt: new Date().toISOString(),
    durationMs: state.testRunDurationMs,
    requests: count('requests'),
    failed: count('failed_requests'),
    dropped: count('dropped_iterations'),
    hiddenRetries: count('hidden_retries'),
    connectionReuse: metrics.connection_reuse?.values.rate,
    failuresByErrorCode,
    scenarios: scenarios.map(({ name, ratePerSecond }) => {
      const values = metrics[byScenario('latency', name)]?.values;
      const requests = count(byScenario('requests', name));
      const failed = count(byScenario('failed_requests', name));
      return {
        name,
        ratePerSecond,
        requests,
        failed,
        latencyMs: requests > failed ? { p50: values.med, p99: values['p(99)'], max: values.max } : undefined,
      };
    }),
  };
  if (settings.out === '-') return { stdout: `${JSON.stringify(summary)}\n` };
  return { stdout: summaryText(summary), [settings.out]: `${JSON.stringify(summary, null, 2)}\n` };
}

function summaryText(summary) {
  const codes = Object.entries(summary.failuresByErrorCode).map(([code, failures]) => `${failures} x ${code}`);
  const lines = [
    `${summary.runtime} ${summary.variant}: ${summary.failed} of ${summary.requests} requests failed` +
      `${codes.length > 0 ? ` (${codes.join(', ')})` : ''}, ${summary.dropped} could not be started`,
    ...summary.scenarios.map(({ name, requests, failed, latencyMs }) => {
      const times = latencyMs ? ['p50', 'p99', 'max'].map((key) => `${key} ${latencyMs[key].toFixed(1)} ms`) : [];
      return `  ${[`${name}: ${failed} of ${requests} failed`, ...times].join(', ')}`;
    }),
    `  written to ${settings.out}`,
  ];
  return `\n${lines.join('\n')}\n`;
}

function readOptions() {
  const names = scenarios.map(({ name }) => name);
  const counts = [
    ...names.flatMap((name) => [byScenario('requests', name), byScenario('failed_requests', name)]),
    ...[...ERROR_CODES, OTHER_STATUS].map(byErrorCode),
  ];
  const { segments, segment } = settings;
  const ends = Array.from({ length: segments + 1 }, (_, index) => `${index}/${segments}`);
  return {
    ...(segments > 1 && {
      executionSegment: `${ends[segment]}:${ends[segment + 1]}`,
      executionSegmentSequence: ends.join(','),
    }),
    scenarios: Object.fromEntries(scenarios.map((scenario) => [scenario.name, arrivals(scenario)])),
    thresholds: {
      failed_requests: ['count==0'],
      dropped_iterations: ['count==0'],
      ...Object.fromEntries(counts.map((metric) => [metric, ['count>=0']])),
      ...Object.fromEntries(names.map((name) => [byScenario('latency', name), ['max>=0']])),
    },
    summaryTrendStats: ['med', 'p(99)', 'max'],
    discardResponseBodies: true,
    setupTimeout: `${2 * ANSWERS_LIMIT_MS}ms`,
    // A redirect counts as an answer: following it would hide where the request went.
    maxRedirects: 0,
  };
}

/** Turns a scenario of workload.json into one of k6. */
function arrivals({ connection, connections, ratePerSecond, timeoutMs }) {
  // k6 drops arrivals while it adds a virtual user beyond the preallocated ones. For fresh connections, enough users are
  // preallocated for an outage, in which a SYN is sent again after 1 and 3 s. For keep-alive connections, a user is a
  // connection, and k6 uses the users in turn, so more users leave each connection idle for longer. Hence only as many spare
  // users as a busy machine needs, on which responses are late by a quarter of a second.
  const spare = connection === 'fresh' ? 3 * ratePerSecond - connections : ratePerSecond / 4;
  const preAllocatedVUs = connections + Math.max(0, Math.ceil(spare));
  // Every request of an outage may hang until its timeout. A user takes about 0.2 MB, hence the limit.
  const hanging = Math.ceil((ratePerSecond * timeoutMs) / 1000);
  return {
    executor: 'constant-arrival-rate',
    exec: 'request',
    // k6 accepts whole numbers only; a rate per 1000 s is precise enough for a scaled rate.
    rate: Math.round(ratePerSecond * 1000),
    timeUnit: '1000s',
    duration: settings.duration,
    preAllocatedVUs,
    maxVUs: preAllocatedVUs + Math.min(hanging, 2000),
    gracefulStop: `${timeoutMs + 1000}ms`,
  };
}

function pathOf({ path }, id) {
  return settings.host === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}${ID_PARAMETER}=${id}`;
}

function headers(scenario, id) {
  return {
    'X-Request-Id': id,
    ...(settings.host === undefined ? {} : { Host: settings.host }),
    ...(scenario.body === undefined ? {} : { 'Content-Type': 'application/json' }),
    // The server closes the connection after its response, long before this virtual user's next request. (Go's client would
    // keep it open, because it honours this header only in a response.)
    ...(scenario.connection === 'fresh' ? { Connection: 'close' } : {}),
  };
}

function readSettings(env) {
  const {
    URL: url,
    RATE: rate,
    DURATION: duration = '45s',
    RUNTIME: runtime = 'unnamed',
    VARIANT: variant = 'unnamed',
    HOST: host,
  } = env;
  if (!/^https?:\/\/[!-"$-.0->@-~][!-"$->@-~]*$/.test(url ?? '')) {
    throw new Error('URL must be set: k6 run -e URL=http://127.0.0.1:8080 loadtest.js');
  }
  if (rate !== undefined && !(Number(rate) > 0 && Number(rate) <= MAX_RATE_PER_S)) {
    throw new Error(`RATE must be a number of requests/s, at most ${MAX_RATE_PER_S}: ${rate}`);
  }
  if (!NAME.test(runtime) || !NAME.test(variant)) {
    throw new Error(
      `RUNTIME and VARIANT must consist of letters, digits, "-", "_", "." and "+": ${runtime}, ${variant}`,
    );
  }
  if (host !== undefined && !HOST.test(host)) throw new Error(`HOST must be a host's name: ${host}`);
  const [segments, segment] = [Number(env.SEGMENTS ?? 1), Number(env.SEGMENT ?? 0)];
  if (!Number.isInteger(segments) || !(segment >= 0 && segment < segments)) {
    throw new Error(`SEGMENT must be one of 0 to SEGMENTS - 1: ${env.SEGMENT} of ${env.SEGMENTS}`);
  }
  const out = env.OUT ?? './';
  return {
    url: url.replace(/\/+$/, ''),
    rate: rate === undefined ? undefined : Number(rate),
    duration,
    host,
    runtime,
    variant,
    out: out.endsWith('/') ? `${out}k6-${runtime}-${variant}.json` : out,
    logAll: env.REQUEST_LOG === 'all',
    segments,
    segment,
  };
}

/** The scenarios of the workload at the requested rate. Connections scale with the rate, so each is used equally often. */
function readScenarios() {
  const workload = JSON.parse(open(__ENV.WORKLOAD ?? './workload.json'));
  if (workload.format !== 'k8s-rollout-test/workload/1') throw new Error(`unknown workload format: ${workload.format}`);
  assertScenarios(workload.scenarios);
  const total = workload.scenarios.reduce((sum, { ratePerSecond }) => sum + ratePerSecond, 0);
  const factor = (settings.rate ?? total) / total;
  return workload.scenarios.map((scenario) => ({
    ...scenario,
    ratePerSecond: scenario.ratePerSecond * factor,
    connections: Math.min(MAX_CONNECTIONS, Math.max(1, Math.ceil(scenario.connections * factor))),
  }));
}

function assertScenarios(scenarios) {
  if (!(scenarios?.length > 0 && scenarios.length <= 20)) throw new Error('the workload must have 1 to 20 scenarios');
  for (const { name, method, path, connection, ratePerSecond, connections, timeoutMs, bursts } of scenarios) {
    if (bursts !== undefined) {
      throw new Error(`the workload's scenario ${JSON.stringify(name)} has bursts, which only the builtin load sends`);
    }
    if (connection === 'events' || connection === 'websocket') {
      throw new Error(
        `the workload's scenario ${JSON.stringify(name)} opens sessions, which only the builtin load can`,
      );
    }
    const fits = {
      name: /^[a-z0-9][a-z0-9-]{0,59}$/.test(name),
      method: /^(GET|POST|PUT|PATCH|DELETE)$/.test(method),
      path: PATH.test(path),
      ratePerSecond: ratePerSecond > 0 && ratePerSecond <= MAX_RATE_PER_S,
      connections: connections > 0 && connections <= MAX_CONNECTIONS,
      timeoutMs: timeoutMs > 0 && timeoutMs <= 600000,
    };
    const wrong = Object.keys(fits).find((field) => !fits[field]);
    if (wrong) throw new Error(`the workload's scenario ${JSON.stringify(name)}: ${wrong} cannot be used`);
  }
}

function byScenario(metric, name) {
  return `${metric}{scenario:${name}}`;
}

function byErrorCode(code) {
  return `failed_requests{error_code:${code}}`;
}
