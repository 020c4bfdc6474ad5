import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type GatewayTraffic, withGatewayAttempts } from '../../src/gateways/attempts.ts';
import type { LoggedAttempt, LoggedRequest } from '../../src/gateways/request-log.ts';
import type { FailedRequest } from '../../src/trace/load-record.ts';
import { failed, trace } from '../analysis/story.ts';

const STARTED = 50_000;
const OLD = { uid: 'old-1', name: 'old-1' };
const REFUSED: LoggedAttempt = {
  address: '10.0.0.1:80',
  connection: { state: 'fresh' },
  phase: 'connect',
  error: 'ECONNREFUSED',
};
const ANSWERED: LoggedAttempt = {
  address: '10.0.0.2:80',
  connection: { state: 'reused' },
  phase: 'receive',
  status: 200,
};

function logged(id: string, attempts: LoggedAttempt[], status = 200, method = 'POST'): LoggedRequest {
  return { id, method, startedEpochMs: STARTED + 1000, endedEpochMs: STARTED + 1020, status, attempts };
}

function joined(failures: FailedRequest[], requests: LoggedRequest[], more: Partial<GatewayTraffic> = {}) {
  const traffic: GatewayTraffic = {
    gateway: 'nginx',
    unlogged: 'never-read',
    requests,
    fromEpochMs: (epochMs) => epochMs - STARTED,
    reached: (address) => ({ pod: address === '10.0.0.1:80' ? OLD : undefined }),
    ...more,
  };
  return withGatewayAttempts(trace({ load: { failures } }).load, traffic);
}

const BAD_GATEWAY = { ...failed('reused receive status', 1000, 1021, { status: 502 }), id: 'r-1' };
const CLOSED = { ...failed('reused wait closed', 1000, 1001), id: 'r-1' };

describe('what a gateway logged', () => {
  test('becomes the attempts of the request that failed', () => {
    const { failures } = joined([BAD_GATEWAY], [logged('r-1', [REFUSED], 502)]);
    assert.deepEqual(failures[0]?.attempts, [
      {
        via: 'nginx',
        pod: OLD,
        connection: { state: 'fresh' },
        startedMs: 1000,
        endedMs: 1020,
        phase: 'connect',
        error: 'ECONNREFUSED',
      },
    ]);
    assert.deepEqual(failures[0]?.client, BAD_GATEWAY.client);
  });

  test('an answer of the gateway itself, without any attempt, is what the client saw', () => {
    const { failures } = joined([BAD_GATEWAY], [logged('r-1', [], 502)]);
    assert.partialDeepStrictEqual(failures[0]?.attempts, [{ via: 'nginx', error: 'status', status: 502 }]);
    assert.equal(failures[0]?.attempts[0]?.pod, undefined);
  });

  test('an answer that the gateway had and the client did not get was lost between those two', () => {
    const { failures } = joined([CLOSED], [logged('r-1', [ANSWERED])]);
    assert.partialDeepStrictEqual(failures[0]?.attempts, [{ via: 'nginx', error: 'closed', phase: 'wait' }]);
    assert.equal(failures[0]?.attempts[0]?.pod, undefined);
  });

  test('a request that the client gave up is an attempt at the pod that had not answered', () => {
    const timedOut = { ...failed('fresh wait timeout', 1000, 6000), id: 'r-1' };
    const { status: _, ...waiting } = { ...ANSWERED, address: '10.0.0.1:80' };
    const { failures } = joined([timedOut], [{ ...logged('r-1', [waiting]), endedEpochMs: STARTED + 6000 }]);
    assert.partialDeepStrictEqual(failures[0]?.attempts, [
      { pod: OLD, phase: 'wait', error: 'timeout', endedMs: 6000 },
    ]);
  });

  test('a server error of the pod, passed on, is an attempt with that status', () => {
    const refusal: LoggedAttempt = { ...ANSWERED, address: '10.0.0.1:80', status: 503 };
    const { failures } = joined([BAD_GATEWAY], [logged('r-1', [refusal], 503)]);
    assert.partialDeepStrictEqual(failures[0]?.attempts, [{ pod: OLD, error: 'status', status: 503 }]);
  });

  test('a request that it never read was lost before it', () => {
    const { failures } = joined([CLOSED], []);
    assert.partialDeepStrictEqual(failures[0]?.attempts, [
      { via: 'nginx', connection: { state: 'reused' }, phase: 'wait', error: 'closed', notProcessed: true },
    ]);
  });

  test('a request that it answered, and whose line was lost, was read', () => {
    const { failures } = joined([BAD_GATEWAY], [], { unlogged: 'reused-connection-ended' });
    assert.equal(failures[0]?.attempts[0]?.notProcessed, undefined);
    assert.equal(failures[0]?.attempts[0]?.status, 502);
  });

  test('a gateway that is silent about ended connections sent it on one', () => {
    const fresh = { ...failed('fresh wait closed', 1000, 1001), id: 'r-1' };
    const { failures } = joined([fresh], [], { unlogged: 'reused-connection-ended' });
    assert.partialDeepStrictEqual(failures[0]?.attempts, [{ via: 'nginx', connection: { state: 'reused' } }]);
  });

  for (const unlogged of ['never-read', 'reused-connection-ended'] as const) {
    test(`one that the client gave up may be logged later (${unlogged})`, () => {
      const givenUp = { ...failed('reused wait timeout', 1000, 6000), id: 'r-1' };
      const [attempt] = joined([givenUp], [], { unlogged }).failures[0]?.attempts ?? [];
      assert.partialDeepStrictEqual(attempt, { connection: { state: 'unknown' }, phase: 'wait', error: 'timeout' });
      assert.equal(attempt?.notProcessed, undefined);
    });
  }

  test('where nothing is known of a log, a missing request is only what the client saw', () => {
    const { failures } = joined([CLOSED], [], { unlogged: 'unknown' });
    const { connection, ...seen } = CLOSED.client;
    const attempt = { via: 'nginx', connection: { state: connection }, startedMs: 1000, endedMs: 1001, ...seen };
    assert.deepEqual(failures[0]?.attempts, [attempt]);
  });

  test('a success after a failed attempt is a hidden retry, with its failed attempts only', () => {
    const load = joined([], [logged('r-2', [REFUSED, ANSWERED], 200, 'GET')]);
    assert.deepEqual(load.hiddenRetries, { client: 0, nginx: 1 });
    assert.partialDeepStrictEqual(load.retried, [{ id: 'r-2', method: 'GET', attempts: [{ error: 'ECONNREFUSED' }] }]);
    assert.equal(load.retried?.[0]?.attempts.length, 1);
  });

  test('requests that are not of the load do not count', () => {
    assert.deepEqual(joined([], [logged('', [REFUSED, ANSWERED])]).retried, []);
  });

  test("before the Service's address, the router in between says which pod it was", () => {
    const { failures } = joined(
      [BAD_GATEWAY],
      [logged('r-1', [{ ...ANSWERED, error: 'ECONNRESET', phase: 'wait' }], 502)],
      {
        reached: (_, { id, nthLast }) => ({
          via: 'node1',
          pod: OLD,
          connection: 'reused',
          ...(id === 'r-1' && nthLast === 1 && { connectError: 'ECONNREFUSED' }),
        }),
      },
    );
    assert.partialDeepStrictEqual(failures[0]?.attempts, [
      { via: 'node1', pod: OLD, connection: { state: 'reused' }, phase: 'connect', error: 'ECONNREFUSED' },
    ]);
  });
});

describe('a gateway on another machine', () => {
  const at = (startedEpochMs: number) => [
    { ...logged('r-1', [REFUSED], 502), startedEpochMs, endedEpochMs: startedEpochMs + 20 },
  ];
  const startOf = (startedEpochMs: number, foreignClock: boolean) =>
    joined([BAD_GATEWAY], at(startedEpochMs), { foreignClock }).failures[0]?.attempts[0]?.startedMs ?? 0;

  test('its clock is corrected by the requests that it logged', () => {
    assert.equal(startOf(STARTED + 8000, false), 8000);
    assert.ok(Math.abs(startOf(STARTED + 8000, true) - 1000) <= 3, String(startOf(STARTED + 8000, true)));
  });

  test('a clock that agrees is left as it is', () => {
    assert.equal(startOf(STARTED + 1001, true), 1001);
  });

  test('behind the address of the Service, nobody is known to have chosen the pod', () => {
    const service = { routersUnseen: true, reached: () => undefined };
    const [attempt] = joined([BAD_GATEWAY], [logged('r-1', [REFUSED], 502)], service).failures[0]?.attempts ?? [];
    assert.ok(attempt);
    assert.deepEqual(['via' in attempt, 'pod' in attempt], [false, false]);
  });

  test('the response may name the pod', () => {
    const refusal: LoggedAttempt = {
      address: '10.96.0.7:80',
      connection: { state: 'unknown' },
      phase: 'receive',
      status: 503,
    };
    const answered = {
      connection: { state: 'reused' as const },
      startedMs: 1000,
      endedMs: 1021,
      phase: 'receive' as const,
      error: 'status',
    };
    const seen = { ...BAD_GATEWAY, attempts: [{ ...answered, pod: OLD }] };
    const service = { routersUnseen: true, reached: () => undefined };
    const { failures } = joined([seen], [logged('r-1', [refusal], 503)], service);
    assert.deepEqual(failures[0]?.attempts.at(-1)?.pod, OLD);
  });
});

describe('a log with coarse times', () => {
  const coarse = (attempts: LoggedAttempt[], status = 502): LoggedRequest => ({
    ...logged('r-1', attempts, status),
    startedEpochMs: STARTED + 2000,
    endedEpochMs: STARTED + 2000,
    coarseTimes: true,
  });
  const timed = { ...REFUSED, startedEpochMs: STARTED + 2000, endedEpochMs: STARTED + 2000 };

  for (const [what, attempt] of [['absent', REFUSED] as const, ['coarse', timed] as const]) {
    test(`the client's times stand for those of an attempt that are ${what}`, () => {
      const asked: number[] = [];
      const reached: GatewayTraffic['reached'] = (_, { startedMs }) => {
        asked.push(startedMs);
        return { pod: OLD };
      };
      const { failures } = joined([BAD_GATEWAY], [coarse([attempt])], { reached });
      assert.partialDeepStrictEqual(failures[0]?.attempts, [{ pod: OLD, startedMs: 1000, endedMs: 1021 }]);
      assert.deepEqual(asked, [1000]);
    });
  }

  test('a hidden retry has no others', () => {
    const { retried } = joined([], [coarse([timed, ANSWERED], 200)]);
    assert.partialDeepStrictEqual(retried, [{ startedMs: 2000, attempts: [{ startedMs: 2000, endedMs: 2000 }] }]);
  });

  test("say nothing about the gateway's clock", () => {
    const other = {
      ...logged('r-2', [REFUSED, ANSWERED]),
      startedEpochMs: STARTED + 3000,
      endedEpochMs: STARTED + 3020,
    };
    const { retried } = joined([BAD_GATEWAY], [coarse([REFUSED]), other], { foreignClock: true });
    assert.equal(retried?.[0]?.startedMs, 3000);
  });
});
