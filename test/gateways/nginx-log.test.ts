import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NginxLog } from '../../src/gateways/nginx/log.ts';
import type { LoggedAttempt, LoggedRequest } from '../../src/gateways/request-log.ts';

/** A line of the access log, as the configuration has nginx write it. */
function access(fields: Record<string, string> = {}): string {
  return JSON.stringify({
    id: 'r-1',
    method: 'POST',
    at: '1795752970.372',
    took: '0.010',
    status: '200',
    connection: '7',
    upstream: '127.0.0.1:20001',
    statuses: '200',
    connectTimes: '0.000',
    times: '0.010',
    bytes: '334',
    ...fields,
  });
}

function problem(
  what: string,
  doing: string,
  { connection = '7', upstream = '127.0.0.1:20001/', level = 'error' } = {},
) {
  const request = `client: 127.0.0.1, server: , request: "POST / HTTP/1.1", upstream: "http://${upstream}", host: "127.0.0.1:27769"`;
  return `2026/11/27 04:16:09 [${level}] 31087#31087: *${connection} ${what} while ${doing}, ${request}`;
}

const ENDED = 1_795_752_970_372;

function readAll(lines: readonly string[]): readonly LoggedRequest[] {
  const log = new NginxLog();
  for (const line of lines) log.read(line);
  return log.requests();
}

type Case = [what: string, lines: string[], attempts: Partial<LoggedAttempt>[], status?: number];

const REFUSED = problem('connect() failed (111: Connection refused)', 'connecting to upstream');
const CASES: Case[] = [
  [
    'refused, then answered by another pod',
    [
      REFUSED,
      access({
        upstream: '127.0.0.1:20001, 127.0.0.1:20002',
        statuses: '502, 200',
        times: '0.000, 0.010',
        bytes: '0, 334',
      }),
    ],
    [
      { address: '127.0.0.1:20001', connection: { state: 'fresh' }, phase: 'connect', error: 'ECONNREFUSED' },
      { address: '127.0.0.1:20002', connection: { state: 'unknown' }, phase: 'receive', status: 200 },
    ],
    200,
  ],
  [
    'reset before an answer, not retried',
    [
      problem('recv() failed (104: Connection reset by peer)', 'reading response header from upstream'),
      problem('upstream server temporarily disabled', 'reading response header from upstream', { level: 'warn' }),
      access({ status: '502', statuses: '502', bytes: '0' }),
    ],
    [{ address: '127.0.0.1:20001', phase: 'wait', error: 'ECONNRESET' }],
    502,
  ],
  [
    'closed before an answer',
    [
      problem('upstream prematurely closed connection', 'reading response header from upstream'),
      access({ status: '502', statuses: '502', bytes: '0' }),
    ],
    [{ phase: 'wait', error: 'closed' }],
    502,
  ],
  [
    'closed in the middle of the answer',
    [problem('upstream prematurely closed connection', 'reading upstream'), access()],
    [{ phase: 'receive', error: 'closed' }],
    200,
  ],
  [
    'no answer in time',
    [
      problem('upstream timed out (110: Connection timed out)', 'reading response header from upstream'),
      access({ status: '504', statuses: '504', took: '60.000', times: '60.000', bytes: '0' }),
    ],
    [{ phase: 'wait', error: 'timeout' }],
    504,
  ],
  [
    'no pod that could be used',
    [
      problem('no live upstreams', 'connecting to upstream', { upstream: 'pods/' }),
      access({ status: '502', upstream: 'pods', statuses: '502', bytes: '0' }),
    ],
    [{ phase: 'connect', error: 'no-endpoint' }],
    502,
  ],
  [
    'the client went away',
    [access({ status: '499', statuses: '-', bytes: '0' })],
    [{ address: '127.0.0.1:20001', phase: 'receive' }],
  ],
];

describe("nginx's log", () => {
  for (const [what, lines, attempts, status] of CASES) {
    test(what, () => {
      const [request, ...others] = readAll(lines);
      assert.equal(others.length, 0);
      assert.deepEqual([request?.id, request?.method, request?.status], ['r-1', 'POST', status]);
      assert.equal(request?.attempts.length, attempts.length);
      attempts.forEach((expected, nth) => {
        assert.partialDeepStrictEqual(request?.attempts[nth], expected);
      });
    });
  }

  test('a request that was answered at once is not kept', () => {
    assert.deepEqual(readAll([access()]), []);
  });

  test('each problem belongs to the next request of its own connection', () => {
    const other = problem('connect() failed (113: No route to host)', 'connecting to upstream', { connection: '8' });
    const found = readAll([
      REFUSED,
      other,
      access({ id: 'r-8', connection: '8', status: '502', statuses: '502' }),
      access({ id: 'r-7', status: '502', statuses: '502' }),
      access({ id: 'r-9', status: '500', statuses: '500' }),
    ]);
    assert.deepEqual(
      found.map(({ id, attempts }) => [id, attempts[0]?.error]),
      [
        ['r-8', 'EHOSTUNREACH'],
        ['r-7', 'ECONNREFUSED'],
        ['r-9', undefined],
      ],
    );
  });

  test('attempts follow each other in time', () => {
    const [request] = readAll([
      REFUSED,
      access({
        took: '0.030',
        upstream: '127.0.0.1:20001, 127.0.0.1:20002',
        statuses: '502, 200',
        times: '0.010, 0.020',
      }),
    ]);
    assert.deepEqual([request?.startedEpochMs, request?.endedEpochMs], [ENDED - 30, ENDED]);
    assert.deepEqual(
      request?.attempts.map(({ startedEpochMs, endedEpochMs }) => [startedEpochMs, endedEpochMs]),
      [
        [ENDED - 30, ENDED - 20],
        [ENDED - 20, ENDED],
      ],
    );
  });

  test('lines of other kinds, and broken ones, are passed over', () => {
    assert.deepEqual(readAll(['{"id":', '2026/11/27 04:16:09 [notice] 1#1: signal process started', '', '{}']), []);
  });
});

describe('whether an earlier request had used the connection', () => {
  const RESET = problem('recv() failed (104: Connection reset by peer)', 'reading response header from upstream');
  const failed = { status: '502', statuses: '502', bytes: '0' };
  const sentAgain = {
    upstream: '10.96.0.7:80, 10.96.0.7:80',
    statuses: '502, 200',
    connectTimes: '0.000, 0.000',
    times: '0.000, 0.010',
    bytes: '0, 334',
  };
  const states = (fields: Record<string, string>, retriesOnlyReused: boolean) => {
    const log = new NginxLog({ retriesOnlyReused });
    log.read(RESET);
    log.read(access(fields));
    return log.requests().flatMap(({ attempts }) => attempts.map(({ connection }) => connection.state));
  };

  test('it took time to connect', () => {
    assert.deepEqual(states({ ...failed, connectTimes: '0.002' }, false), ['fresh']);
    assert.deepEqual(states(failed, false), ['unknown']);
  });

  test('with one server, a request is sent again only after a connection that had been used', () => {
    assert.deepEqual(states(sentAgain, true), ['reused', 'unknown']);
    assert.deepEqual(states(sentAgain, false), ['unknown', 'unknown']);
  });

  test('with one server, a GET that is not sent again had a new connection, and of a POST that stays open', () => {
    assert.deepEqual(states({ ...failed, method: 'GET' }, true), ['fresh']);
    assert.deepEqual(states(failed, true), ['unknown']);
  });
});
