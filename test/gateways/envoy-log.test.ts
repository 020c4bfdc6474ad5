import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EnvoyLog } from '../../src/gateways/envoy/log.ts';
import type { LoggedAttempt, LoggedRequest } from '../../src/gateways/request-log.ts';

const AT = 1_795_753_792_147;
const NOTHING = { details: null, host: null, connection: null, why: null, bytes: 0 };

/** A line about a request, as Envoy 1.40 writes it with this configuration. */
function request(fields: Record<string, unknown> = {}): string {
  const answered = { status: 200, flags: '-', details: 'via_upstream' };
  return JSON.stringify({
    of: 'request',
    id: 'r-1',
    method: 'POST',
    at: `${AT}`,
    took: 33,
    ...NOTHING,
    ...answered,
    ...fields,
  });
}

/** A line about an attempt. */
function attempt(fields: Record<string, unknown> = {}): string {
  const answered = { status: 200, flags: '-', host: '127.0.0.1:7101', connection: 3, bytes: 129 };
  return JSON.stringify({
    of: 'attempt',
    id: 'r-1',
    method: 'POST',
    at: `${AT}`,
    took: 32,
    ...NOTHING,
    ...answered,
    ...fields,
  });
}

/** What an attempt without an answer has instead of one. */
const UNANSWERED = { status: 0, bytes: 0 };
const REFUSED = attempt({
  ...UNANSWERED,
  host: '127.0.0.1:7199',
  connection: 0,
  flags: 'UF',
  why: 'delayed_connect_error:_Connection_refused',
});
const CUT = 'upstream_reset_before_response_started{connection_termination}';

function readAll(lines: readonly string[]): readonly LoggedRequest[] {
  const log = new EnvoyLog();
  for (const line of lines) log.read(line);
  return log.requests();
}

type Case = [what: string, lines: string[], attempts: Partial<LoggedAttempt>[], status?: number];

const CASES: Case[] = [
  [
    'refused, not sent again',
    [
      REFUSED,
      request({
        status: 503,
        flags: 'UF',
        details:
          'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}',
      }),
    ],
    [{ address: '127.0.0.1:7199', connection: { state: 'fresh' }, phase: 'connect', error: 'ECONNREFUSED' }],
    503,
  ],
  [
    'refused, then answered by another pod',
    [REFUSED, attempt(), request()],
    [
      { address: '127.0.0.1:7199', error: 'ECONNREFUSED' },
      { address: '127.0.0.1:7101', connection: { state: 'fresh', id: '3' }, phase: 'receive', status: 200 },
    ],
    200,
  ],
  [
    'connection ended before an answer',
    [attempt({ ...UNANSWERED, flags: 'UC' }), request({ status: 503, flags: 'UC', details: CUT })],
    [{ phase: 'wait', error: 'closed' }],
    503,
  ],
  [
    'connection ended in the middle of the answer',
    [
      attempt({ flags: 'UPE', bytes: 43 }),
      request({ flags: 'UPE', details: 'upstream_reset_after_response_started{protocol_error}' }),
    ],
    [{ phase: 'receive', error: 'closed', status: 200, bytesReceived: 43 }],
    200,
  ],
  [
    'no answer in time, which only the line about the request says',
    [attempt(UNANSWERED), request({ status: 504, flags: 'UT', details: 'response_timeout' })],
    [{ phase: 'wait', error: 'timeout' }],
    504,
  ],
  [
    'no connection in time',
    [
      attempt({ ...UNANSWERED, connection: 0, flags: 'UF' }),
      request({ status: 503, flags: 'UF', details: 'upstream_reset_before_response_started{connection_timeout}' }),
    ],
    [{ phase: 'connect', error: 'timeout' }],
    503,
  ],
  [
    'no pod that could be used',
    [request({ status: 503, flags: 'UH', details: 'no_healthy_upstream' })],
    [{ phase: 'connect', error: 'no-endpoint' }],
    503,
  ],
  [
    'a pod refused, and no other is left',
    [REFUSED, request({ status: 503, flags: 'UH', details: 'no_healthy_upstream' })],
    [{ error: 'ECONNREFUSED' }, { error: 'no-endpoint' }],
    503,
  ],
  [
    'the pod answered with an error',
    [attempt({ status: 503 }), request({ status: 503 })],
    [{ address: '127.0.0.1:7101', phase: 'receive', status: 503 }],
    503,
  ],
  [
    'the client left: the attempt is logged last',
    [request({ status: 0, flags: 'DC', details: 'downstream_remote_disconnect' }), attempt(UNANSWERED)],
    [{ address: '127.0.0.1:7101', phase: 'wait', error: 'failed' }],
  ],
];

describe("Envoy's log", () => {
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
    assert.deepEqual(readAll([attempt(), request()]), []);
  });

  test('a connection that an earlier attempt used is reused', () => {
    const [found] = readAll([
      attempt({ id: 'r-0' }),
      request({ id: 'r-0' }),
      attempt({ ...UNANSWERED, flags: 'UC' }),
      request({ status: 503, flags: 'UC', details: CUT }),
    ]);
    assert.deepEqual(found?.attempts[0]?.connection, { state: 'reused', id: '3' });
  });

  test('each attempt and each request has its own times', () => {
    const [found] = readAll([REFUSED, attempt({ at: `${AT + 10}`, took: 20 }), request()]);
    assert.deepEqual([found?.startedEpochMs, found?.endedEpochMs], [AT, AT + 33]);
    assert.deepEqual([found?.attempts[1]?.startedEpochMs, found?.attempts[1]?.endedEpochMs], [AT + 10, AT + 30]);
  });

  test('lines of other kinds, and broken ones, are passed over', () => {
    assert.deepEqual(
      readAll(['{"of":', '[2026-11-27 04:29:49.801][1][warning][main] There is no limit', '', '{}']),
      [],
    );
  });
});
