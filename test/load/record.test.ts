import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LoadRecorder } from '../../src/load/recorder.ts';
import { decodeHistogram, emptyHistogram, encodeHistogram, percentileMs, recordMs } from '../../src/trace/histogram.ts';
import { type FailedRequest, LoadRecord } from '../../src/trace/load-record.ts';

describe('a histogram of durations', () => {
  test('is unchanged by encoding and decoding', () => {
    const histogram = emptyHistogram();
    const durations = [0, 0.001, 0.5, 1, 1, 12.345, 4000, 600_000];
    for (const ms of durations) recordMs(histogram, ms);
    const read = decodeHistogram(encodeHistogram(histogram));
    assert.equal(read.totalCount, durations.length);
    for (const percent of [1, 25, 50, 75, 90, 100]) {
      assert.equal(percentileMs(read, percent), percentileMs(histogram, percent), `${percent} %`);
    }
  });

  test('is exact to three digits, from 1 µs to 10 min', () => {
    for (const ms of [0.001, 0.123, 1, 9.99, 123.456, 4000, 59_999, 600_000]) {
      const histogram = emptyHistogram();
      recordMs(histogram, ms);
      const error = Math.abs(percentileMs(histogram, 50) - ms) / ms;
      assert.ok(error < 0.001, `${ms} ms is off by ${error * 100} %`);
    }
  });

  test('clamps values outside of its range', () => {
    const histogram = emptyHistogram();
    recordMs(histogram, -5);
    recordMs(histogram, 700_000);
    assert.equal(percentileMs(histogram, 1), 0);
    assert.ok(Math.abs(percentileMs(histogram, 100) - 600_000) < 600);
  });

  test('returns percentiles', () => {
    const histogram = emptyHistogram();
    for (let ms = 1; ms <= 100; ms++) recordMs(histogram, ms);
    const read = [50, 99, 100].map((percent) => Math.round(percentileMs(histogram, percent)));
    assert.deepEqual(read, [50, 99, 100]);
  });

  test('rejects invalid text', () => {
    for (const text of ['', 'hello', 'AAAA']) assert.throws(() => decodeHistogram(text), Error, text);
  });
});

describe('the record of a load', () => {
  const failure = (startedMs: number): FailedRequest => ({
    id: `r-${startedMs}`,
    scenario: 'fresh',
    startedMs,
    endedMs: startedMs + 1,
    client: { connection: 'fresh', phase: 'connect', error: 'ECONNREFUSED' },
    attempts: [],
  });

  test('without requests is empty, and omits what was not observed', () => {
    assert.deepEqual(new LoadRecorder().record('test', 0, 0), {
      generator: 'test',
      plannedRequests: 0,
      droppedRequests: 0,
      failures: [],
      successes: [],
      latency: {},
    });
  });

  test('counts successes by scenario, pod and the 100 ms in which they started', () => {
    const recorder = new LoadRecorder();
    for (const [scenario, pod, startedMs] of [
      ['fresh', 'a', 0],
      ['fresh', 'a', 99.9],
      ['fresh', 'a', 100],
      ['fresh', 'b', 100],
      ['slow', 'a', 100],
      ['slow', '', 100],
    ] as const) {
      recorder.success(scenario, pod, startedMs, startedMs + 5000);
    }
    const { successes, latency } = recorder.record('test', 6, 0);
    assert.deepEqual(
      successes.map(({ scenario, pod, bucket, count }) => `${scenario} ${pod} ${bucket}: ${count}`),
      ['fresh a 0: 2', 'fresh a 1: 1', 'fresh b 1: 1', 'slow a 1: 1', 'slow  1: 1'],
    );
    const counts = Object.entries(latency).map(([name, text]) => [name, decodeHistogram(text).totalCount]);
    assert.deepEqual(counts, [
      ['fresh', 4],
      ['slow', 2],
    ]);
    assert.equal(Math.round(percentileMs(decodeHistogram(latency.slow ?? ''), 50) / 100), 50);
  });

  test('contains failures in full, in the order of their starts', () => {
    const recorder = new LoadRecorder();
    for (const startedMs of [30, 10, 20]) recorder.failure(failure(startedMs));
    assert.deepEqual(recorder.record('test', 3, 0).failures, [failure(10), failure(20), failure(30)]);
    assert.equal(recorder.failed, 3);
  });

  test('contains connection reuse, hidden retries and lateness', () => {
    const recorder = new LoadRecorder();
    for (const reused of [false, true, true, true]) recorder.keepAlive(reused);
    recorder.requestCount(1);
    recorder.requestCount(2);
    recorder.start(2);
    recorder.start(undefined);
    const { connectionReuse, hiddenRetries, lateness = '' } = recorder.record('test', 2, 1);
    assert.deepEqual([connectionReuse, hiddenRetries, recorder.started], [0.75, { client: 1 }, 2]);
    assert.equal(decodeHistogram(lateness).totalCount, 1);
  });

  test('contains when the last new connection to a pod was opened, and the last one that was answered', () => {
    const recorder = new LoadRecorder();
    for (const [startedMs, answered] of [
      [10, true],
      [30, false],
      [20, true],
    ] as const) {
      recorder.newConnection('a', startedMs, answered);
    }
    recorder.newConnection('b', 5, false);
    assert.deepEqual(recorder.record('test', 0, 0).newConnections, {
      a: { lastMs: 30, lastAnsweredMs: 20 },
      b: { lastMs: 5 },
    });
  });

  test('fits the format of the trace', () => {
    const recorder = new LoadRecorder();
    recorder.start(0);
    recorder.keepAlive(true);
    recorder.success('fresh', 'a', 0, 1);
    recorder.failure(failure(1));
    const record = recorder.record('test', 2, 0);
    assert.deepEqual(LoadRecord.parse(JSON.parse(JSON.stringify(record))), record);
  });
});
