import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CaddyLog } from '../../src/gateways/caddy/log.ts';
import type { LoggedAttempt, LoggedRequest } from '../../src/gateways/request-log.ts';

const POD = '127.0.0.1:21003';
const ENDED = 1_795_754_582.25;

function request(id: string, method: string): object {
  return { method, host: '127.0.0.1:23000', uri: '/', headers: { 'X-Request-Id': [id], Via: ['1.1 Caddy'] } };
}

function line(
  logger: string,
  msg: string,
  { id = 'r-1', method = 'POST', ...fields }: Record<string, unknown>,
): string {
  const about = request(String(id), String(method));
  return JSON.stringify({ level: 'debug', ts: ENDED, logger, msg, request: about, ...fields });
}

function roundTrip(fields: Record<string, unknown>): string {
  return line('http.handlers.reverse_proxy', 'upstream roundtrip', { upstream: POD, duration: 0.25, ...fields });
}

function incomplete(error: string): string {
  const fields = { upstream: POD, duration: 0.25, ts: ENDED + 0.25, error };
  return line('http.handlers.reverse_proxy', 'aborting with incomplete response', fields);
}

function access(fields: Record<string, unknown> = {}): string {
  return line('http.log.access', 'handled request', { status: 502, duration: 0.5, size: 0, ...fields });
}

function readAll(lines: readonly string[]): readonly LoggedRequest[] {
  const log = new CaddyLog();
  for (const each of lines) log.read(each);
  return log.requests();
}

type Case = [what: string, lines: string[], attempts: Partial<LoggedAttempt>[], status?: number];

const REFUSED = 'dial tcp 127.0.0.1:21003: connect: connection refused';
const RESET = 'read tcp 127.0.0.1:50184->127.0.0.1:21003: read: connection reset by peer';
const CASES: Case[] = [
  [
    'refused',
    [roundTrip({ error: REFUSED }), line('http.log.error', REFUSED, { status: 502 }), access()],
    [{ address: POD, connection: { state: 'fresh' }, phase: 'connect', error: 'ECONNREFUSED' }],
    502,
  ],
  [
    'refused, then answered by another pod',
    [
      roundTrip({ error: REFUSED }),
      roundTrip({ upstream: '127.0.0.1:21001', status: 200 }),
      access({ level: 'info', status: 200 }),
    ],
    [
      { address: POD, phase: 'connect', error: 'ECONNREFUSED' },
      { address: '127.0.0.1:21001', connection: { state: 'unknown' }, phase: 'receive', status: 200 },
    ],
    200,
  ],
  [
    'no connection in time',
    [roundTrip({ error: 'dial tcp 127.0.0.1:21003: i/o timeout' }), access()],
    [{ phase: 'connect', error: 'timeout' }],
    502,
  ],
  [
    'reset before an answer',
    [roundTrip({ error: RESET }), access()],
    [{ address: POD, connection: { state: 'unknown' }, phase: 'wait', error: 'ECONNRESET' }],
    502,
  ],
  ['closed before an answer', [roundTrip({ error: 'EOF' }), access()], [{ phase: 'wait', error: 'closed' }], 502],
  [
    'an idle connection was closed',
    [roundTrip({ error: 'http: server closed idle connection' }), access()],
    [{ connection: { state: 'reused' }, phase: 'wait', error: 'closed' }],
    502,
  ],
  [
    'the connection ended while the request was written',
    [roundTrip({ error: 'write tcp 127.0.0.1:50184->127.0.0.1:21003: write: broken pipe' }), access()],
    [{ phase: 'send', error: 'EPIPE' }],
    502,
  ],
  [
    'closed in the middle of the answer',
    [roundTrip({ status: 200 }), incomplete('reading: unexpected EOF'), access({ status: 200, duration: 0 })],
    [
      {
        phase: 'receive',
        error: 'closed',
        status: 200,
        startedEpochMs: 1000 * ENDED - 250,
        endedEpochMs: 1000 * ENDED + 250,
      },
    ],
    200,
  ],
  [
    'no pod that could be used',
    [line('http.log.error', 'no upstreams available', { status: 503 }), access({ status: 503 })],
    [{ phase: 'connect', error: 'no-endpoint' }],
    503,
  ],
  [
    'answered with a server error',
    [roundTrip({ status: 503 }), access({ status: 503 })],
    [{ phase: 'receive', status: 503 }],
    503,
  ],
  [
    'the client went away',
    [roundTrip({ error: 'context canceled' }), access({ level: 'info', status: 499 })],
    [{ address: POD, phase: 'wait' }],
  ],
];

describe("Caddy's log", () => {
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
    assert.deepEqual(readAll([roundTrip({ status: 200 }), access({ status: 200 })]), []);
  });

  for (const error of [RESET, 'EOF']) {
    test(`a GET that ended with ${error.slice(-24)} was sent on a new connection: on a used one, Go sends it again`, () => {
      const [found] = readAll([roundTrip({ method: 'GET', error }), access({ method: 'GET' })]);
      assert.equal(found?.attempts[0]?.connection.state, 'fresh');
    });
  }

  test('a GET that could not be written is not sent again, so its connection is unknown', () => {
    const error = 'write tcp 127.0.0.1:50184->127.0.0.1:21003: write: broken pipe';
    const [found] = readAll([roundTrip({ method: 'GET', error }), access({ method: 'GET' })]);
    assert.equal(found?.attempts[0]?.connection.state, 'unknown');
  });

  test('attempts belong to the request with their id', () => {
    const found = readAll([
      roundTrip({ id: 'r-7', error: REFUSED }),
      roundTrip({ id: 'r-8', error: RESET }),
      access({ id: 'r-8' }),
      access({ id: 'r-7' }),
    ]);
    assert.deepEqual(
      found.map(({ id, attempts }) => [id, attempts[0]?.error]),
      [
        ['r-8', 'ECONNRESET'],
        ['r-7', 'ECONNREFUSED'],
      ],
    );
  });

  test('an answered attempt ends with the request', () => {
    const [found] = readAll([roundTrip({ ts: ENDED - 0.25, status: 503 }), access({ status: 503 })]);
    const { startedEpochMs, endedEpochMs } = found?.attempts[0] ?? {};
    assert.deepEqual([startedEpochMs, endedEpochMs], [1000 * ENDED - 500, 1000 * ENDED]);
    assert.deepEqual([found?.startedEpochMs, found?.endedEpochMs], [1000 * ENDED - 500, 1000 * ENDED]);
  });

  test('lines of other kinds, and broken ones, are passed over', () => {
    const selected = { level: 'debug', ts: ENDED, logger: 'http.handlers.reverse_proxy', msg: 'selected upstream' };
    assert.deepEqual(readAll([JSON.stringify(selected), '{"level":', '{}', '']), []);
  });
});
