import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GatewayControl } from '../../src/gateways/gateway.ts';
import { haproxy } from '../../src/gateways/haproxy/haproxy.ts';
import { HaproxyLog } from '../../src/gateways/haproxy/log.ts';
import type { LoggedAttempt, LoggedRequest } from '../../src/gateways/request-log.ts';

const ACCEPTED = 1_795_754_418_209;
const POD = '127.0.0.1:21003';

/** A line as the configuration has HAProxy write it. By default, a pod reset the connection. */
function line(fields: Record<string, string> = {}): string {
  return JSON.stringify({
    id: 'r-1',
    method: 'GET',
    times: `${ACCEPTED} 2 0 1 2`,
    status: '502',
    bytes: '209',
    server: POD,
    isFirst: '0',
    end: 'SH',
    retries: '0',
    ...fields,
  });
}

function readAll(lines: readonly string[]): readonly LoggedRequest[] {
  const log = new HaproxyLog();
  for (const each of lines) log.read(each);
  return log.requests();
}

type Case = [what: string, fields: Record<string, string>, attempts: Partial<LoggedAttempt>[], status?: number];

const FAILED = { connection: { state: 'fresh' }, phase: 'connect', error: 'failed' } as const;
const CASES: Case[] = [
  [
    'reset or closed before an answer',
    {},
    [{ address: POD, connection: { state: 'fresh' }, phase: 'wait', error: 'failed' }],
    502,
  ],
  [
    'no answer in time',
    { times: `${ACCEPTED} 3 0 0 3001`, status: '504', end: 'sH' },
    [{ address: POD, connection: { state: 'unknown' }, phase: 'wait', error: 'timeout' }],
    504,
  ],
  [
    'cut in the middle of the answer',
    { status: '200', bytes: '54', end: 'SD', isFirst: '1' },
    [{ connection: { state: 'fresh' }, phase: 'receive', error: 'failed', bytesReceived: 54 }],
    200,
  ],
  [
    'refused three times more, a second apart, by the same pod',
    { times: `${ACCEPTED} 0 0 -1 3000`, status: '503', end: 'SC', retries: '3' },
    [
      { ...FAILED, address: POD, startedEpochMs: ACCEPTED, endedEpochMs: ACCEPTED },
      { ...FAILED, address: POD, startedEpochMs: ACCEPTED + 1000 },
      { ...FAILED, address: POD, startedEpochMs: ACCEPTED + 2000 },
      { address: POD, phase: 'connect', error: 'ECONNREFUSED', startedEpochMs: ACCEPTED + 3000 },
    ],
    503,
  ],
  [
    'refused, then answered by the same pod',
    { times: `${ACCEPTED} 0 0 1002 1010`, status: '200', end: '--', retries: '1' },
    [
      { ...FAILED, address: POD, startedEpochMs: ACCEPTED },
      { address: POD, phase: 'receive', status: 200, startedEpochMs: ACCEPTED + 1002 },
    ],
    200,
  ],
  [
    'answered by another pod than the first one, which is not logged',
    { times: `${ACCEPTED} 0 1003 0 1004`, status: '200', end: '--', retries: '+1' },
    [
      { ...FAILED, startedEpochMs: ACCEPTED, endedEpochMs: ACCEPTED + 1003 },
      { address: POD, phase: 'receive', status: 200, startedEpochMs: ACCEPTED + 1003, endedEpochMs: ACCEPTED + 1004 },
    ],
    200,
  ],
  [
    'no pod that could be used',
    { times: `${ACCEPTED} 3 -1 -1 0`, status: '503', server: '-:-', end: 'SC' },
    [{ phase: 'connect', error: 'no-endpoint' }],
    503,
  ],
  [
    'answered with a server error',
    { status: '503', end: '--' },
    [{ connection: { state: 'unknown' }, phase: 'receive', status: 503 }],
    503,
  ],
  ['the client went away', { status: '200', end: 'CD' }, [{ address: POD, phase: 'receive' }]],
  ['the request did not arrive as a whole', { status: '408', server: '-:-', end: 'cR' }, []],
];

describe("HAProxy's log", () => {
  for (const [what, fields, attempts, status] of CASES) {
    test(what, () => {
      const [request, ...others] = readAll([line(fields)]);
      assert.equal(others.length, 0);
      assert.deepEqual([request?.id, request?.method, request?.status], ['r-1', 'GET', status]);
      assert.equal(request?.attempts.length, attempts.length);
      attempts.forEach((expected, nth) => {
        assert.partialDeepStrictEqual(request?.attempts[nth], expected);
      });
    });
  }

  test('a request begins after the idle time of its connection', () => {
    const [request] = readAll([line({ times: `${ACCEPTED} 2 0 1 2` })]);
    assert.deepEqual([request?.startedEpochMs, request?.endedEpochMs], [ACCEPTED + 2, ACCEPTED + 4]);
  });

  test('lines of other kinds, and broken ones, are passed over', () => {
    assert.deepEqual(readAll(['Server pods/SRV_1 is UP/READY (leaving forced maintenance).', '{"id":', '{}', '']), []);
  });
});

/** What `show servers state` printed. SRV_1 and SRV_2 had been made ready; 4 and 5 are in the configuration as disabled. */
const STATE = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 pods 1 SRV_1 127.0.0.1 2 4 1 1 0 1 0 0 8 0 0 0 - 21001 - 0 0 - - 0
3 pods 2 SRV_2 127.0.0.1 2 4 1 1 0 1 0 0 8 0 0 0 - 21002 - 0 0 - - 0
3 pods 3 SRV_3 127.0.0.1 0 5 1 1 1 1 0 0 8 0 0 0 - 1 - 0 0 - - 0`;

/** The commands that bring these ports into effect. */
async function commandsFor(ports: readonly number[], answer = ''): Promise<string[]> {
  const sent: string[] = [];
  const command = async (text: string) => {
    sent.push(text);
    return text.startsWith('show') ? STATE : answer;
  };
  await haproxy.apply(
    ports.map((port) => ({ host: '127.0.0.1', port })),
    { command } as Partial<GatewayControl> as GatewayControl,
  );
  return sent.slice(1).flatMap((text) => text.split(';').slice(1));
}

describe("HAProxy's endpoints", () => {
  test('a new one gets a free slot, and the others keep theirs', async () => {
    assert.deepEqual(await commandsFor([21_001, 21_002, 21_003]), [
      'set server pods/SRV_3 addr 127.0.0.1 port 21003',
      'set server pods/SRV_3 state ready',
    ]);
  });

  test('the slot of one that is gone is emptied', async () => {
    assert.deepEqual(await commandsFor([21_002]), [
      'set server pods/SRV_1 addr 127.0.0.1 port 1',
      'set server pods/SRV_1 state maint',
    ]);
  });

  test('the slot of one that is gone is given to a new one', async () => {
    assert.deepEqual(await commandsFor([21_002, 21_003]), [
      'set server pods/SRV_1 addr 127.0.0.1 port 21003',
      'set server pods/SRV_1 state ready',
    ]);
  });

  test('no change sends no change', async () => {
    assert.deepEqual(await commandsFor([21_002, 21_001]), []);
  });

  test('an error of the runtime API is an error', async () => {
    await assert.rejects(commandsFor([21_002], '[3]: No such server.'), /runtime API: \[3\]: No such server/);
  });

  test('more endpoints than slots are an error', async () => {
    await assert.rejects(
      commandsFor([1, 2, 3, 4].map((nth) => 22_000 + nth)),
      /4 endpoints, but its backend has 3 slots/,
    );
  });
});
