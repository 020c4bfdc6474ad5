import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { advise } from '../../src/analysis/advice.ts';
import { analyse, Result } from '../../src/analysis/result.ts';
import { InputError } from '../../src/errors.ts';
import { ResultFolder, readResults } from '../../src/results/folder.ts';
import { reportContents, writeReports } from '../../src/results/reports.ts';
import { readRun } from '../../src/results/saved-run.ts';
import { refused, told } from '../report/reported.ts';
import { trialResult } from './trial-result.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'saved-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

const K6_SUMMARY = {
  format: 'k8s-rollout-test/k6-summary/1',
  runtime: 'bun',
  variant: 'broken',
  requests: 100,
  failed: 9,
  dropped: 0,
  hiddenRetries: 0,
  scenarios: [],
};

describe('a saved run', () => {
  test('is analysed again from its traces', (t) => {
    const dir = folder(t);
    const trace = told({}, { load: { failures: refused(4, 10) } });
    const out = new ResultFolder(dir);
    out.addTrace(trace);
    out.writeResult([{ ...analyse(trace), failed: 99 }, trialResult({ runtime: 'deno' })]);
    const run = readRun(dir);
    assert.deepEqual(run.trials, [analyse(trace), trialResult({ runtime: 'deno' })], 'the one without a trace is kept');
    assert.deepEqual(
      run.trials.map((trial) => run.traceOf(trial)),
      [trace, undefined],
    );
  });

  test('needs no result.json where there are traces, as after a crash', (t) => {
    const dir = folder(t);
    new ResultFolder(dir).addTrace(told({}));
    writeReports(dir);
    assert.deepEqual(readResults(dir), [analyse(told({}))]);
  });

  test('with a k6 summary keeps it apart, so that making the reports again counts it once', (t) => {
    const dir = folder(t);
    new ResultFolder(dir).writeResult([trialResult()]);
    writeFileSync(join(dir, 'k6-bun-broken.json'), JSON.stringify(K6_SUMMARY));
    writeReports(dir);
    writeReports(dir);
    assert.deepEqual(
      readResults(dir).map((trial) => trial.runtime),
      ['node', 'bun'],
    );
    assert.match(readFileSync(join(dir, 'report.html'), 'utf8'), /href="#broken-bun">9</);
  });

  test('of a service of its own keeps its advice, told anew, and its fix', (t) => {
    const dir = folder(t);
    const trace = told({ variant: 'rollout' }, { load: { failures: refused(4, 10) } });
    const out = new ResultFolder(dir);
    out.addTrace(trace);
    out.writeResult([analyse(trace)], { advice: advise([told({})]) });
    writeReports(dir);
    const { advice } = Result.parse(JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8')));
    assert.deepEqual(advice, advise([trace]));
  });

  test('gives the same page each time', (t) => {
    const dir = folder(t);
    new ResultFolder(dir).addTrace(told({}, { load: { failures: refused(4, 10) } }));
    const page = () => readFileSync(writeReports(dir), 'utf8');
    assert.equal(page(), page());
  });

  test('is drawn with the traces of those of a cell that broke most', (t) => {
    const dir = folder(t);
    const out = new ResultFolder(dir);
    for (const [repeat, failed] of [5, 0, 7, 1, 5].entries()) {
      out.addTrace(told({ repeat }, { load: { failures: refused(failed, 10) } }));
    }
    const drawn = reportContents(readRun(dir)).trials.filter((trial) => trial.trace);
    assert.deepEqual(
      drawn.map(({ result }) => result.repeat),
      [0, 2, 4],
    );
  });

  test('that holds nothing, or a file that is no trace, is refused in one line', (t) => {
    const dir = folder(t);
    assert.throws(
      () => readRun(dir),
      (error) => error instanceof InputError && /holds no results/.test(error.message),
    );
    new ResultFolder(dir).addTrace(told({}));
    writeFileSync(join(dir, 'traces', 'valid-bun-1.json'), '{"format":"k8s-rollout-test/trace/1"}');
    assert.throws(
      () => readRun(dir),
      (error) =>
        error instanceof InputError && /valid-bun-1\.json: not a trace of this program: trial/.test(error.message),
    );
  });
});
