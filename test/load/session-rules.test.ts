/** When a client opens its session again, and whether a session ended in order. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Outcome } from '../../src/load/builtin/connection.ts';
import { firstOpeningMs, reconnectDelayMs } from '../../src/load/builtin/reconnect.ts';
import { endOfSession } from '../../src/load/builtin/session-end.ts';
import { type Random, seededRandom } from '../../src/random.ts';

const drawing = (value: number): Random => ({ ...seededRandom(1), next: () => value });

describe('a client waits before it opens its session again', () => {
  const table: [failures: number, leastMs: number, mostMs: number][] = [
    [0, 0, 250],
    [1, 250, 500],
    [2, 500, 1000],
    [3, 1000, 2000],
    [4, 2000, 4000],
    [5, 4000, 8000],
    [6, 4000, 8000],
    [1000, 4000, 8000],
  ];
  for (const [failures, leastMs, mostMs] of table) {
    test(`${leastMs} to ${mostMs} ms after ${failures} failed attempts`, () => {
      assert.equal(reconnectDelayMs(failures, drawing(0)), leastMs);
      assert.equal(reconnectDelayMs(failures, drawing(1)), mostMs);
    });
  }

  test('and the first sessions are opened one after the other', () => {
    assert.deepEqual([0, 1, 500].map(firstOpeningMs), [0, 2, 1000]);
  });
});

describe('a session ended', () => {
  const seen: Outcome = { phase: 'receive', bytesReceived: 9, head: undefined };
  const reset: Outcome = { ...seen, error: { name: 'ECONNRESET', detail: '' } };
  const table: [what: string, kind: 'events' | 'websocket', outcome: Outcome, code: number | undefined, end: string][] =
    [
      ['with its last chunk', 'events', seen, undefined, 'complete'],
      ['by a reset', 'events', reset, undefined, 'cut ECONNRESET'],
      ['without a close frame', 'websocket', reset, undefined, 'cut ECONNRESET'],
      ['because the server went away', 'websocket', seen, 1001, 'close-frame 1001'],
      ['normally', 'websocket', seen, 1000, 'close-frame 1000'],
      ['for a restart', 'websocket', seen, 1012, 'close-frame 1012'],
      ['without a code', 'websocket', seen, 1005, 'close-frame 1005'],
      ["with an application's code", 'websocket', seen, 4000, 'close-frame 4000'],
      ['because the server failed', 'websocket', seen, 1011, 'cut 1011 close-1011'],
      ['because the server refused the client', 'websocket', seen, 1008, 'cut 1008 close-1008'],
      ['with a code that does not exist', 'websocket', seen, 7, 'cut 7 close-7'],
    ];
  test('and a FIN says what is missing', () => {
    const closed: Outcome = { ...seen, error: { name: 'closed', detail: '' } };
    const detail = (kind: 'events' | 'websocket') => endOfSession(kind, closed).outcome.error?.detail;
    assert.match(detail('events') ?? '', /before the last chunk/);
    assert.match(detail('websocket') ?? '', /without a close frame \(1006\)/);
  });
  for (const [what, kind, outcome, code, expected] of table) {
    test(`${what}: ${expected}`, () => {
      const { how, closeCode, outcome: ended } = endOfSession(kind, outcome, code);
      assert.equal([how, closeCode, ended.error?.name].filter((word) => word !== undefined).join(' '), expected);
    });
  }
});
