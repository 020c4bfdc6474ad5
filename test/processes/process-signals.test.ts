import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSignals } from '../../src/processes/process-signals.ts';

const STATUS = `Name:\tnode
State:\tT (stopped)
SigQ:\t1/30000
SigPnd:\t0000000000000000
ShdPnd:\t0000000000044000
SigBlk:\t0000000000000004
SigIgn:\t0000000000001000
SigCgt:\t0000000108004602
`;

test('signals are read from masks whose lowest bit is signal 1', () => {
  const { state, handled, pending } = parseSignals(STATUS);
  assert.equal(state, 'T');
  assert.deepEqual([...pending].sort(), ['SIGSTOP', 'SIGTERM']);
  // A process may wait for blocked signals.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) assert.ok(handled.has(name), name);
  for (const name of ['SIGHUP', 'SIGPIPE'] as const) assert.ok(!handled.has(name), name);
});
