import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LoggedAttempt, LoggedRequest } from '../../src/gateways/request-log.ts';
import { TraefikLog } from '../../src/gateways/traefik/log.ts';

const STARTED = Date.parse('2026-11-27T04:33:00.351Z');
const POD = '127.0.0.1:7102';

/** A line of the access log, as Traefik 3.7 writes it with this configuration. Durations are in ms. */
function access({ id = 'r-1', took = 3, tookLast = took, ...fields }: Record<string, unknown> = {}): string {
  return JSON.stringify({
    DownstreamStatus: 200,
    Duration: Number(took) * 1e6,
    OriginDuration: Number(tookLast) * 1e6,
    OriginStatus: 200,
    RequestMethod: 'POST',
    ServiceAddr: POD,
    StartUTC: '2026-11-27T04:33:00.351189209Z',
    level: 'info',
    msg: '',
    'request_X-Request-Id': id,
    time: '2026-11-27T04:33:00Z',
    ...fields,
  });
}

function debug(message: string, error?: string): string {
  return JSON.stringify({
    level: 'debug',
    ...(error !== undefined && { error }),
    time: '2026-11-27T04:33:00Z',
    caller: 'github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:199',
    message,
  });
}

const BAD_GATEWAY = { DownstreamStatus: 502, OriginStatus: 502 };
const refusedBy = (pod: string) => debug('502 Bad Gateway', `dial tcp ${pod}: connect: connection refused`);
const EOF = debug('502 Bad Gateway', 'EOF');
const RESET = debug('502 Bad Gateway', `read tcp 127.0.0.1:46110->${POD}: read: connection reset by peer`);
const again = (nth: number) => debug(`New attempt ${nth} for request: /`);

function readAll(lines: readonly string[]): readonly LoggedRequest[] {
  const log = new TraefikLog();
  for (const line of lines) log.read(line);
  return log.requests();
}

type Case = [what: string, lines: string[], attempts: Partial<LoggedAttempt>[], status?: number];

const CASES: Case[] = [
  [
    'refused',
    [refusedBy(POD), access(BAD_GATEWAY)],
    [{ address: POD, connection: { state: 'fresh' }, phase: 'connect', error: 'ECONNREFUSED' }],
    502,
  ],
  ['reset before an answer', [RESET, access(BAD_GATEWAY)], [{ phase: 'wait', error: 'ECONNRESET' }], 502],
  ['closed before an answer', [EOF, access(BAD_GATEWAY)], [{ address: POD, phase: 'wait', error: 'closed' }], 502],
  [
    'reset as the request was written',
    [debug('502 Bad Gateway', `write tcp 127.0.0.1:46110->${POD}: write: broken pipe`), access(BAD_GATEWAY)],
    [{ phase: 'send', error: 'EPIPE' }],
    502,
  ],
  [
    'closed while idle',
    [
      debug('500 Internal Server Error', 'http: server closed idle connection'),
      access({ DownstreamStatus: 500, OriginStatus: 500 }),
    ],
    [{ connection: { state: 'reused' }, phase: 'wait', error: 'closed' }],
    500,
  ],
  [
    'closed in the middle of the answer',
    [
      debug('httputil: ReverseProxy read error during body copy: unexpected EOF'),
      access({ OriginStatus: 0, tookLast: 0 }),
    ],
    [{ address: POD, phase: 'receive', error: 'closed' }],
    200,
  ],
  [
    'no connection in time',
    [
      debug('504 Gateway Timeout', `dial tcp ${POD}: i/o timeout`),
      access({ DownstreamStatus: 504, OriginStatus: 504, took: 30_000 }),
    ],
    [{ phase: 'connect', error: 'timeout' }],
    504,
  ],
  [
    'no pod that could be used',
    [access({ DownstreamStatus: 503, OriginStatus: 0, ServiceAddr: undefined, tookLast: 0 })],
    [{ phase: 'connect', error: 'no-endpoint' }],
    503,
  ],
  [
    'the pod answered with an error',
    [access({ DownstreamStatus: 503, OriginStatus: 503 })],
    [{ address: POD, phase: 'receive', status: 503 }],
    503,
  ],
  [
    'the client left',
    [
      debug('499 Client Closed Request', 'context canceled'),
      access({ DownstreamStatus: 499, OriginStatus: 499, took: 3000 }),
    ],
    [{ address: POD, phase: 'wait', error: 'failed' }],
  ],
  [
    'refused twice, then answered by another pod',
    [refusedBy('127.0.0.1:7199'), again(2), refusedBy('127.0.0.1:7198'), again(3), access({ took: 56, tookLast: 2 })],
    [
      { address: '127.0.0.1:7199', phase: 'connect', error: 'ECONNREFUSED' },
      { address: '127.0.0.1:7198', phase: 'connect', error: 'ECONNREFUSED' },
      { address: POD, phase: 'receive', status: 200 },
    ],
    200,
  ],
];

describe("Traefik's log", () => {
  for (const [what, lines, attempts, status] of CASES) {
    test(what, () => {
      const [found, ...others] = readAll(lines);
      assert.equal(others.length, 0);
      assert.deepEqual([found?.id, found?.method, found?.status], ['r-1', 'POST', status]);
      assert.equal(found?.attempts.length, attempts.length);
      attempts.forEach((expected, nth) => {
        assert.partialDeepStrictEqual(found?.attempts[nth], expected);
      });
    });
  }

  test('a request that was answered at once is not kept', () => {
    assert.deepEqual(readAll([debug(`Service selected by WRR: http://${POD}`), access()]), []);
  });

  test('each request takes a failure of its own pod and status', () => {
    const found = readAll([
      refusedBy('127.0.0.1:7199'),
      RESET,
      debug('504 Gateway Timeout', 'net/http: timeout awaiting response headers'),
      access({ id: 'r-5', DownstreamStatus: 504, OriginStatus: 504 }),
      access({ id: 'r-2', ...BAD_GATEWAY }),
      access({ id: 'r-9', ...BAD_GATEWAY, ServiceAddr: '127.0.0.1:7199' }),
    ]);
    assert.deepEqual(
      found.map(({ id, attempts }) => [id, attempts[0]?.error]),
      [
        ['r-5', 'timeout'],
        ['r-2', 'ECONNRESET'],
        ['r-9', 'ECONNREFUSED'],
      ],
    );
  });

  test('how requests failed stays open where their failures cannot be told apart', () => {
    const found = readAll([EOF, RESET, access(BAD_GATEWAY), access({ id: 'r-2', ...BAD_GATEWAY })]);
    assert.deepEqual(
      found.map(({ attempts }) => attempts[0]?.error),
      ['failed', 'failed'],
    );
    const alike = readAll([EOF, EOF, access(BAD_GATEWAY), access({ id: 'r-2', ...BAD_GATEWAY })]);
    assert.deepEqual(
      alike.map(({ attempts }) => attempts[0]?.error),
      ['closed', 'closed'],
    );
  });

  test('a request that did not wait was not sent again', () => {
    const found = readAll([
      refusedBy('127.0.0.1:7199'),
      again(2),
      access({ id: 'r-0' }),
      access({ took: 30, tookLast: 5 }),
    ]);
    assert.deepEqual(
      found.map(({ id, attempts }) => [id, attempts.length]),
      [['r-1', 2]],
    );
  });

  test('the last attempt began when the wait before it ended', () => {
    const [found] = readAll([refusedBy('127.0.0.1:7199'), again(2), access({ took: 30, tookLast: 5 })]);
    assert.deepEqual([found?.startedEpochMs, found?.endedEpochMs], [STARTED, STARTED + 30]);
    assert.deepEqual(
      [found?.attempts[1]?.startedEpochMs, found?.attempts[1]?.endedEpochMs],
      [STARTED + 25, STARTED + 30],
    );
  });

  test('lines of other kinds, and broken ones, are passed over', () => {
    assert.deepEqual(readAll(['{"StartUTC":', '{"StartUTC":1}', debug('Creating server'), '']), []);
  });
});
