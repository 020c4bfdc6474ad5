import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { runHook } from '../../src/clusters/local/hook.ts';
import { runCommand } from '../../src/clusters/local/probe-check.ts';

const NEVER = new AbortController().signal;

describe('an exec hook', () => {
  const forever = delay(60_000, undefined, { ref: false });
  const cases: [what: string, command: string[], exited: Promise<unknown>, outcome: string][] = [
    ['that succeeds', ['true'], forever, 'succeeded'],
    ['that fails', ['false'], forever, 'failed'],
    ['that is killed while its container runs', ['sh', '-c', 'kill -KILL $$'], forever, 'failed'],
    [
      'that dies a moment before the end of its container is noticed',
      ['sh', '-c', 'kill -KILL $$'],
      delay(100),
      'container-ended',
    ],
  ];
  for (const [what, command, exited, outcome] of cases) {
    test(`${what}: ${outcome}`, async () => {
      const container = {
        portOf: () => undefined,
        dial: () => Promise.reject(new Error('not used')),
        exec: (words: readonly string[], signal: AbortSignal) =>
          runCommand(words, { PATH: process.env.PATH ?? '' }, signal),
        exited,
      };
      const end = await runHook({ exec: { command } }, container, NEVER, NEVER);
      assert.equal(end.outcome, outcome);
    });
  }
});
