import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { ResultFolder, readResults } from '../../src/results/folder.ts';
import { trialResult } from './trial-result.ts';

const K6_SUMMARY = {
  format: 'k8s-rollout-test/k6-summary/1',
  runtime: 'bun',
  variant: 'without-pre-stop',
  requests: 18_880,
  failed: 159,
  dropped: 0,
  hiddenRetries: 0,
  connectionReuse: 0.99,
  scenarios: [
    { name: 'keep-alive', failed: 24, latencyMs: { p50: 0.6, p99: 3, max: 9 } },
    { name: 'fresh', failed: 135 },
  ],
};

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'results-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

describe('a result folder', () => {
  test('gives back what was written, and makes its folder', (t) => {
    const dir = join(folder(t), 'new', 'folder');
    const trials = [trialResult(), trialResult({ variant: 'broken', causes: { capacity: 3 } })];
    new ResultFolder(dir).writeResult(trials);
    assert.deepEqual(readResults(dir), trials);
  });

  test('adds the k6 summaries that lie in it, as trials whose causes nobody saw', (t) => {
    const dir = folder(t);
    new ResultFolder(dir).writeResult([trialResult()]);
    writeFileSync(join(dir, 'k6-bun-without-pre-stop.json'), JSON.stringify(K6_SUMMARY));
    const [, summary] = readResults(dir);
    assert.equal(summary?.runtime, 'bun');
    assert.equal(summary?.variant, 'without-pre-stop');
    assert.equal(summary?.failed, 159);
    assert.equal(summary?.causes.unexplained, 159);
    assert.equal(summary?.exposed, 18_880);
    assert.equal(summary?.valid, true);
  });

  test('takes k6 summaries alone', (t) => {
    const dir = folder(t);
    writeFileSync(join(dir, 'k6-bun-without-pre-stop.json'), JSON.stringify(K6_SUMMARY));
    assert.deepEqual(
      readResults(dir).map(({ runtime }) => runtime),
      ['bun'],
    );
  });

  const drops: [what: string, summary: object, reasons: string[]][] = [
    ['in an outage, in which k6 has to add users', { failed: 300, dropped: 200 }, []],
    ['with nothing broken', { failed: 0, dropped: 200 }, ['200 of 19080 requests could not be started']],
  ];
  for (const [what, change, reasons] of drops) {
    test(`judges what k6 could not start as in a trial of its own: ${what}`, (t) => {
      const dir = folder(t);
      writeFileSync(join(dir, 'k6-bun-broken.json'), JSON.stringify({ ...K6_SUMMARY, ...change }));
      assert.deepEqual(readResults(dir)[0]?.invalidReasons, reasons);
    });
  }

  const bad: [what: string, files: Record<string, string>, message: RegExp][] = [
    ['nothing in it', {}, /holds no results: neither result\.json nor a k6 summary/],
    ['no JSON', { 'result.json': '{"format":' }, /result\.json: cannot be read: /],
    ['another format', { 'result.json': '{"format":"other/1","trials":[]}' }, /result\.json: not a result .*format/],
    [
      'a trial without a field',
      { 'result.json': JSON.stringify({ format: 'k8s-rollout-test/result/1', trials: [{}] }) },
      /result\.json: not a result .*trials\[0\]\.runtime/,
    ],
    ['another k6 summary', { 'k6-mine.json': '{"metrics":{}}' }, /k6-mine\.json: not a k6 summary .*format/],
  ];
  for (const [what, files, message] of bad) {
    test(`with ${what} is refused in one line`, (t) => {
      const dir = folder(t);
      for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
      assert.throws(
        () => readResults(dir),
        (error) => error instanceof InputError && message.test(error.message) && !error.message.includes('\n'),
      );
    });
  }

  test('that does not exist, or is a file, is refused', (t) => {
    const dir = folder(t);
    writeFileSync(join(dir, 'file'), '');
    assert.throws(() => readResults(join(dir, 'missing')), /no such folder/);
    assert.throws(() => readResults(join(dir, 'file')), /is a file/);
    assert.throws(() => new ResultFolder(join(dir, 'file')), /cannot be written/);
  });
});
