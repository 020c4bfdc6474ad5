import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { Prober, probeTiming, Threshold } from '../../src/clusters/local/prober.ts';
import { probeWithDefaults } from '../../src/kubernetes-rules/defaults.ts';
import type { Probe } from '../../src/kubernetes-rules/written-objects.ts';
import { fakeTime } from './fake-node.ts';

describe('a verdict is reached at its threshold', () => {
  /** Results and verdicts in order: + success, - failure, . no verdict yet. */
  const table: [successes: number, failures: number, results: string, verdicts: string][] = [
    [1, 1, '+-+-', '+-+-'],
    [1, 3, '+--+---', '+..+..-'],
    [1, 3, '-----', '..---'],
    [2, 1, '+-++', '.-.+'],
    [3, 2, '++-+++--', '.....+.-'],
  ];
  for (const [successThreshold, failureThreshold, results, verdicts] of table) {
    test(`${successThreshold} successes, ${failureThreshold} failures: ${results} gives ${verdicts}`, () => {
      const threshold = new Threshold({ successThreshold, failureThreshold });
      const given = [...results].map((result) => threshold.add(result === '+'));
      assert.equal(given.map((verdict) => (verdict === undefined ? '.' : verdict ? '+' : '-')).join(''), verdicts);
    });
  }
});

test("a probe's times are in milliseconds", () => {
  assert.deepEqual(
    probeTiming({
      initialDelaySeconds: 5,
      periodSeconds: 2,
      timeoutSeconds: 3,
      successThreshold: 4,
      failureThreshold: 6,
    }),
    { initialDelayMs: 5000, periodMs: 2000, timeoutMs: 3000, successThreshold: 4, failureThreshold: 6 },
  );
});

interface Probed {
  /** The results of successive checks, + or -; the last one repeats. */
  answers?: string;
  /** How long a check takes, in ms. */
  takesMs?: number;
  /** Since when the container has been running; the test may change it. */
  runningSinceMs?: number | undefined;
}

/** A prober, the times of its checks ('0', '1000'), and its verdicts ('0+'). */
function probed(t: TestContext, probe: Probe, { answers = '+', takesMs = 0, ...given }: Probed = {}) {
  const time = fakeTime(t);
  const container = { runningSinceMs: 'runningSinceMs' in given ? given.runningSinceMs : 0 };
  const checks: number[] = [];
  const verdicts: string[] = [];
  const prober = new Prober(
    probeWithDefaults(probe),
    async () => {
      const success = answers[Math.min(checks.length, answers.length - 1)] === '+';
      checks.push(time.nowMs());
      if (takesMs > 0) await new Promise((resolve) => setTimeout(resolve, takesMs));
      return success;
    },
    () => container.runningSinceMs,
    (healthy) => verdicts.push(`${time.nowMs()}${healthy ? '+' : '-'}`),
  );
  t.after(() => prober.stop());
  return { prober, container, checks, verdicts, pass: time.pass };
}

describe('a probe', () => {
  test('is made immediately and then once per period', async (t) => {
    const { prober, checks, verdicts, pass } = probed(t, { periodSeconds: 2 });
    prober.start();
    await pass(5000);
    assert.deepEqual(checks, [0, 2000, 4000]);
    assert.deepEqual(verdicts.slice(1), ['2000+', '4000+']);
  });

  test('is skipped until its initial delay has passed, and then made at the next period', async (t) => {
    const { prober, checks, pass } = probed(t, { periodSeconds: 2, initialDelaySeconds: 3 });
    prober.start();
    await pass(7000);
    assert.deepEqual(checks, [4000, 6000]);
  });

  test('counts the initial delay from the start of the container', async (t) => {
    const { prober, container, checks, pass } = probed(
      t,
      { periodSeconds: 1, initialDelaySeconds: 2 },
      { runningSinceMs: undefined },
    );
    prober.start();
    await pass(1500);
    container.runningSinceMs = 1500;
    await pass(3000);
    assert.deepEqual(checks, [4000]);
  });

  test('is skipped while no container runs', async (t) => {
    const { prober, container, checks, pass } = probed(t, { periodSeconds: 1 }, { runningSinceMs: undefined });
    prober.start();
    await pass(2500);
    container.runningSinceMs = 2500;
    await pass(1000);
    container.runningSinceMs = undefined;
    await pass(2000);
    assert.deepEqual(checks, [3000]);
  });

  test('fails the container exactly at the failure threshold', async (t) => {
    const { prober, verdicts, pass } = probed(t, { periodSeconds: 1, failureThreshold: 3 }, { answers: '+--+---' });
    prober.start();
    await pass(6500);
    assert.deepEqual(verdicts.slice(1), ['3000+', '6000-']);
  });

  test('is made immediately when triggered, which restarts the period', async (t) => {
    const { prober, checks, pass } = probed(t, { periodSeconds: 2 });
    prober.start();
    await pass(500);
    prober.trigger();
    await pass(4500);
    assert.deepEqual(checks, [0, 500, 2500, 4500]);
  });

  test('that is triggered during a check is made again after it', async (t) => {
    const { prober, checks, pass } = probed(t, { periodSeconds: 2 }, { takesMs: 1000 });
    prober.start();
    await pass(500);
    prober.trigger();
    await pass(3000);
    assert.deepEqual(checks, [0, 1000, 3000]);
  });

  test('that takes longer than its period is followed by the next one immediately', async (t) => {
    const { prober, checks, pass } = probed(t, { periodSeconds: 1, timeoutSeconds: 5 }, { takesMs: 1500 });
    prober.start();
    await pass(5000);
    assert.deepEqual(checks, [0, 1500, 3000, 4500]);
  });

  test('forgets its counts when the container restarts', async (t) => {
    const { prober, verdicts, pass } = probed(t, { periodSeconds: 1, failureThreshold: 3 }, { answers: '-' });
    prober.start();
    await pass(1500);
    prober.reset();
    await pass(3000);
    assert.deepEqual(verdicts, ['4000-']);
  });

  test('gives no verdict after it is stopped, not even for a running check', async (t) => {
    const { prober, checks, verdicts, pass } = probed(t, { periodSeconds: 1 }, { takesMs: 500 });
    prober.start();
    await pass(1200);
    prober.stop();
    prober.trigger();
    await pass(5000);
    assert.deepEqual([checks, verdicts], [[0, 1000], ['500+']]);
  });

  test('is aborted at its timeout', async (t) => {
    const signals: AbortSignal[] = [];
    const check = (signal: AbortSignal) => new Promise<boolean>(() => signals.push(signal));
    const prober = new Prober(
      probeWithDefaults({ timeoutSeconds: 1 }),
      check,
      () => 0,
      () => {},
    );
    const startMs = performance.now();
    prober.start();
    t.after(() => prober.stop());
    assert.deepEqual([signals.length, signals[0]?.aborted], [1, false]);
    await once(signals[0] as AbortSignal, 'abort');
    assert.ok(performance.now() - startMs > 990);
  });
});
