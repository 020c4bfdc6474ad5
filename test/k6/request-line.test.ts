import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLine } from '../../src/load/k6/request-line.ts';

const ENDED = {
  scenario: 'slow',
  iteration: 3,
  startedAtMs: 1_795_494_539_886,
  endedAtMs: 1_795_494_543_888,
  pod: 'rollout-test-1',
  serverTimeMs: 1_795_494_543_887.5,
  vu: 1,
};
const SUCCESS = { ...ENDED, failed: false, latencyMs: 4001.5, connection: 'reused' };
const FAILURE = {
  ...ENDED,
  failed: true,
  id: 'run-slow-3',
  requestCount: 2,
  errorCode: 1220,
  timings: { blocked: 0.2, connecting: 0.1, sending: 0.1, waiting: 4000.5, receiving: 0.7 },
};

test('a request, the start of the run, and lines of k6 itself', () => {
  assert.deepEqual(parseLine(JSON.stringify(SUCCESS)), { kind: 'request', request: { ...SUCCESS, requestCount: 1 } });
  assert.deepEqual(parseLine(JSON.stringify(FAILURE)), { kind: 'request', request: FAILURE });
  assert.deepEqual(parseLine('{"startedAtMs":5}'), { kind: 'started', startedAtMs: 5 });
  for (const text of [
    'Request Failed',
    '',
    '{"other":1}',
    '{"id":"cut off',
    'Insufficient VUs, reached 40 active VUs',
  ]) {
    assert.deepEqual(parseLine(text), { kind: 'message', text });
  }
});
