import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLine } from '../../src/load/k6/request-line.ts';

const REQUEST = {
  id: 'run-slow-3',
  scenario: 'slow',
  iteration: 3,
  startedAtMs: 1_795_494_539_886,
  durationMs: 4001.5,
  failed: false,
  status: 200,
  pod: 'rollout-test-1',
  vu: 1,
  requestCount: 1,
  timings: { blocked: 0.2, connecting: 0.1, sending: 0.1, waiting: 4000.5, receiving: 0.7 },
};

test('a request, the start of the run, and words of k6', () => {
  assert.deepEqual(parseLine(JSON.stringify(REQUEST)), { kind: 'request', request: REQUEST });
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
