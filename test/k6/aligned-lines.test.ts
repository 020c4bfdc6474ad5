import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AlignedLines } from '../../src/load/k6/aligned-lines.ts';
import { parseLine } from '../../src/load/k6/request-line.ts';

/** k6's clock is one second ahead of ours, and the pod's half a second behind. */
const K6_MS = 1000;
const POD_MS = -500;

/** The line of a request of this duration, by k6's clock; the pod answered in the middle. */
function line(atMs: number, tookMs: number, pod: string | undefined = 'pod-1'): string {
  const startedAtMs = atMs + K6_MS;
  const times = { startedAtMs, endedAtMs: startedAtMs + tookMs, serverTimeMs: atMs + tookMs / 2 + POD_MS };
  return JSON.stringify({
    scenario: 's',
    iteration: 0,
    vu: 1,
    pod,
    failed: false,
    latencyMs: tookMs,
    connection: 'reused',
    ...times,
  });
}

function aligned(podKnown = true) {
  const ours = { nowMs: 10_000 };
  const read: number[] = [];
  const lines = new AlignedLines({
    podOffset: (pod) => (podKnown && pod === 'pod-1' ? { offsetMs: POD_MS, boundMs: 2 } : undefined),
    notBeforeMs: 9000,
    nowMs: () => ours.nowMs,
    read(text) {
      const parsed = parseLine(text);
      if (parsed.kind === 'request') read.push(lines.toOurs(parsed.request.startedAtMs));
    },
  });
  return { ours, read, lines };
}

describe("the lines of another machine's k6", () => {
  test("are converted to our clock by means of the pods' responses", () => {
    const { ours, read, lines } = aligned();
    for (let i = 0; i < 60; i++) {
      ours.nowMs = 10_000 + i * 10 + 50;
      lines.take(line(10_000 + i * 10, 6));
    }
    assert.equal(read.length, 60);
    // Half of the round trip of 6 ms, plus the bound of the pod's own clock.
    assert.ok(lines.boundMs <= 5, `${lines.boundMs}`);
    for (const [i, ms] of read.entries()) assert.ok(Math.abs(ms - (10_000 + i * 10)) <= lines.boundMs, `${i}: ${ms}`);
  });

  test('are held back until the offset is known, but not forever', () => {
    const { ours, read, lines } = aligned(false);
    ours.nowMs = 10_000;
    lines.take(line(9990, 6));
    assert.deepEqual(read, []);
    ours.nowMs = 13_001;
    lines.take(line(12_980, 6));
    assert.equal(read.length, 2);
    // No pod reported its time, so only the time of the Job's creation and of the lines' arrival bound the offset.
    assert.ok(lines.boundMs > 100, `${lines.boundMs}`);
  });

  test('are read immediately on release', () => {
    const { read, lines } = aligned();
    lines.take(line(10_000, 6));
    lines.release();
    assert.equal(read.length, 1);
  });
});
