import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectionOf, errorName, failedRequest, phaseOf } from '../../src/load/k6/failure.ts';
import type { FailureLine } from '../../src/load/k6/request-line.ts';

const NEVER_CONNECTED = { blocked: 0, connecting: 0, sending: 0, waiting: 0, receiving: 0 };
const NEW_CONNECTION = { blocked: 0.3, connecting: 0.2, sending: 0.1, waiting: 2, receiving: 0 };
const KEPT_CONNECTION = { blocked: 0.002, connecting: 0, sending: 0.01, waiting: 0.3, receiving: 0 };

describe("k6's codes and messages, and the errors that they mean", () => {
  const table: [code: number | undefined, message: string | undefined, error: string][] = [
    [1212, 'dial: connection refused', 'ECONNREFUSED'],
    [1211, 'dial: i/o timeout', 'timeout'],
    [1213, 'dial: unknown errno 113 error with msg `no route to host`', 'EHOSTUNREACH'],
    [1213, 'dial: unknown errno 101 error with msg `network is unreachable`', 'ENETUNREACH'],
    [1213, 'dial: unknown errno 110 error with msg `connection timed out`', 'ETIMEDOUT'],
    [1213, 'dial: unknown errno 60 error with msg `operation timed out`', 'ETIMEDOUT'],
    [1210, "dial tcp 127.0.0.1:80: connect: can't assign requested address", 'EADDRNOTAVAIL'],
    [1220, 'read: connection reset by peer', 'ECONNRESET'],
    [1220, 'write: connection reset by peer', 'ECONNRESET'],
    [1201, 'write: broken pipe', 'EPIPE'],
    [1202, 'read: unknown errno `113` on linux with message `no route to host`', 'EHOSTUNREACH'],
    [1050, 'request timeout', 'timeout'],
    [1000, 'EOF', 'closed'],
    [1000, 'unexpected EOF', 'closed'],
    [1000, 'http: server closed idle connection', 'closed'],
    [1000, 'malformed HTTP response "hello"', 'k6-1000'],
    [1101, 'lookup: no such host', 'ENOTFOUND'],
    [1404, undefined, 'status'],
    [1503, undefined, 'status'],
    [undefined, undefined, 'status'],
    [1310, 'x509: unknown authority', 'k6-1310'],
  ];
  for (const [code, message, error] of table) {
    test(`${code} ${message} is ${error}`, () => assert.equal(errorName(code, message), error));
  }
});

describe('how far a request got', () => {
  const table: [what: string, line: Parameters<typeof phaseOf>[0], phase: string, connection: string][] = [
    ['refused', { errorCode: 1212, timings: NEVER_CONNECTED }, 'connect', 'fresh'],
    ['no such host', { errorCode: 1101, timings: NEVER_CONNECTED }, 'connect', 'fresh'],
    ['timed out before a connection', { errorCode: 1050, timings: NEVER_CONNECTED }, 'connect', 'fresh'],
    [
      'reset while writing',
      { errorCode: 1220, timings: { ...NEW_CONNECTION, sending: 0, waiting: 0 } },
      'send',
      'fresh',
    ],
    ['reset before a response', { errorCode: 1220, timings: NEW_CONNECTION }, 'wait', 'fresh'],
    ['reset on a keep-alive connection', { errorCode: 1220, timings: KEPT_CONNECTION }, 'wait', 'reused'],
    ['timed out waiting', { errorCode: 1050, timings: KEPT_CONNECTION }, 'wait', 'reused'],
    ['cut in the response', { errorCode: 1000, timings: { ...NEW_CONNECTION, receiving: 20 } }, 'receive', 'fresh'],
    ['a status', { errorCode: 1503, status: 503, timings: KEPT_CONNECTION }, 'receive', 'reused'],
  ];
  for (const [what, line, phase, connection] of table) {
    test(what, () => assert.deepEqual([phaseOf(line), connectionOf(line)], [phase, connection]));
  }
});

describe('the failed request of the trace', () => {
  const line: FailureLine = {
    id: 'run-fresh-7',
    scenario: 'fresh',
    iteration: 7,
    startedAtMs: 1_000_250,
    endedAtMs: 1_000_253,
    failed: true,
    error: 'read: connection reset by peer',
    errorCode: 1220,
    vu: 1,
    requestCount: 1,
    timings: NEW_CONNECTION,
  };
  const common = { id: 'run-fresh-7', scenario: 'fresh', startedMs: 250, endedMs: 253 };
  const detail = '1220 read: connection reset by peer';
  const pod = { uid: 'u-1', name: 'old-1' };

  test('as k6 reports it, without other observations', () => {
    const outcome = { phase: 'wait', error: 'ECONNRESET' };
    assert.deepEqual(failedRequest(line, 250), {
      ...common,
      client: { ...outcome, connection: 'fresh', detail },
      attempts: [{ connection: { state: 'fresh' }, startedMs: 250, endedMs: 253, ...outcome }],
    });
  });

  test("with its pod, router and connection, if it went through the Service's proxy", () => {
    const seen = { router: 'node-1', pod, connection: 'reused' } as const;
    const { client, attempts } = failedRequest(line, 250, seen, pod);
    assert.equal(client.connection, 'reused');
    assert.deepEqual(attempts[0]?.pod, pod);
    assert.deepEqual([attempts[0]?.via, attempts[0]?.connection], ['node-1', { state: 'reused' }]);
  });

  test("a failure of the proxy to connect to the pod counts as the request's", () => {
    const seen = { router: 'node-1', pod, connectError: 'ECONNREFUSED', connection: 'fresh' } as const;
    const { client, attempts } = failedRequest(line, 250, seen, pod);
    assert.deepEqual([client.phase, client.error], ['connect', 'ECONNREFUSED']);
    assert.deepEqual([attempts[0]?.phase, attempts[0]?.pod], ['connect', pod]);
  });

  test('a status keeps its number and the pod that sent it', () => {
    const { error: _, ...answered } = line;
    const { client, attempts } = failedRequest({ ...answered, errorCode: 1503, status: 503 }, 250, undefined, pod);
    assert.deepEqual(client, { connection: 'fresh', phase: 'receive', error: 'status', detail: '1503', status: 503 });
    assert.deepEqual(attempts[0]?.pod, pod);
  });

  test('one that was refused late had been sent on a kept connection, and Go sent it again', () => {
    const refused = { error: 'dial: connection refused', errorCode: 1212, timings: NEVER_CONNECTED };
    const { client, attempts } = failedRequest({ ...line, ...refused, endedAtMs: line.startedAtMs + 700 }, 250);
    assert.deepEqual([client.phase, client.error], ['connect', 'ECONNREFUSED']);
    assert.deepEqual(attempts, [
      { connection: { state: 'reused' }, startedMs: 250, endedMs: 950, phase: 'wait', error: 'closed' },
      { connection: { state: 'fresh' }, startedMs: 950, endedMs: 950, phase: 'connect', error: 'ECONNREFUSED' },
    ]);
    assert.equal(failedRequest({ ...line, ...refused }, 250).attempts.length, 1, 'near miss: refused at once');
  });
});
