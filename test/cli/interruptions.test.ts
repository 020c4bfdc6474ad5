import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { unlessInterrupted } from '../../src/commands/interruptions.ts';
import { ExitCode, ProgramError } from '../../src/errors.ts';

describe('work before a run', () => {
  it('is interrupted by a signal that came while the thread was blocked', async () => {
    const interrupted = unlessInterrupted('nothing was changed', async () => {
      spawnSync('kill', ['-s', 'TERM', String(process.pid)]);
    });
    await assert.rejects(interrupted, (error) => {
      assert.ok(error instanceof ProgramError);
      assert.equal(error.message, 'interrupted: nothing was changed');
      assert.equal(error.exitCode, ExitCode.interrupted);
      return true;
    });
  });

  it('returns what was read', async () => {
    assert.equal(await unlessInterrupted('nothing was changed', async () => 7), 7);
  });
});
