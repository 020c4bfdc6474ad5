import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { withDeadline } from '../../src/clusters/local/deadline.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('work with a deadline', () => {
  const never = () => new AbortController().signal;
  const aborted = (signal: AbortSignal) => once(signal, 'abort').then(() => (signal.reason as Error).name);

  test('is aborted at its deadline, regardless of garbage collection', async () => {
    const collecting = setInterval(collectGarbage, 20);
    try {
      assert.equal(await withDeadline(200, never(), aborted), 'TimeoutError');
    } finally {
      clearInterval(collecting);
    }
  });
  test('is aborted together with the parent signal', async () => {
    const parent = new AbortController();
    const ended = withDeadline(60_000, parent.signal, aborted);
    parent.abort();
    assert.equal(await ended, 'AbortError');
  });
  test('is aborted immediately if the parent already is', async () => {
    const gone = AbortSignal.abort();
    assert.equal(await withDeadline(60_000, gone, async (signal) => signal.aborted), true);
  });
  test('returns its result', async () => {
    assert.equal(await withDeadline(60_000, never(), async () => 7), 7);
  });
});
