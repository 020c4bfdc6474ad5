/** Result folders read back. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { advise } from '../../src/analysis/advice.ts';
import type { FixResult } from '../../src/analysis/fix-result.ts';
import { analyse } from '../../src/analysis/result.ts';
import { InputError } from '../../src/errors.ts';
import { reportContents } from '../../src/report/contents.ts';
import { resultJson } from '../../src/report/json.ts';
import { saveRun } from '../../src/report/save-run.ts';
import { ResultFolder } from '../../src/results/folder.ts';
import { judge } from '../../src/results/judge.ts';
import { readRun } from '../../src/results/read-run.ts';
import { Result } from '../../src/results/result-file.ts';
import { type FixFindings, measuredRun, newRun, type Run } from '../../src/results/run.ts';
import type { Trace } from '../../src/trace/trace.ts';
import { refused, runOfResults, told } from '../report/reported.ts';
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

function folder(t: TestContext, files: Record<string, string> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'saved-'));
  t.after(() => rmSync(dir, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
  return dir;
}

/** Saves a run of these traces as a command does. `saved` is false for a run that was killed. */
function measured(
  dir: string,
  kind: Run['kind'],
  traces: readonly Trace[],
  { maxFailed = 0, found = {}, saved = true }: { maxFailed?: number; found?: FixFindings; saved?: boolean } = {},
): Run {
  const identity = newRun(kind, maxFailed);
  const out = ResultFolder.forRun(dir);
  const trials = traces.map((trace) => ({ ...trace, trial: { ...trace.trial, run: identity.id } }));
  for (const trace of trials) out.addTrace(trace);
  const run = measuredRun(
    identity,
    trials.map((trace) => ({ result: analyse(trace), trace })),
    found,
  );
  if (saved) saveRun(out, run);
  return run;
}

const LOST = { load: { failures: refused(4, 10) } };
const CONTROL = told({ runtime: 'own', variant: 'control' }, { rolloutMs: undefined });
const ROLLOUT = told({ runtime: 'own', variant: 'own' }, LOST);
const FIXED = told({ runtime: 'own', variant: 'own+pre-stop' }, { load: { failures: refused(1, 10) } });
const FIX: FixResult = {
  state: 'found',
  changes: [{ fix: 'pre-stop', what: 'a preStop sleep of 2 s' }],
  component: 'kind: Component\n',
  untried: [],
  rest: [],
  tried: [{ set: [], failed: [4], invalid: 0 }],
};

/** The parts of a run that a reader must get right. */
const facts = (run: Run) => ({ ...JSON.parse(resultJson(run)), judgement: judge(run) });

describe('reading a folder gives', () => {
  const runs: [what: string, kind: Run['kind'], traces: Trace[], options?: Parameters<typeof measured>[3]][] = [
    ['a comparison', 'comparison', [told({}), told({ variant: 'broken' }, LOST)]],
    ['a comparison that broke requests', 'comparison', [told({}, LOST), told({ repeat: 1 })]],
    ['rollouts of a service', 'own-service', [CONTROL, ROLLOUT], { maxFailed: 3 }],
    ['rollouts of a service that broke no more than allowed', 'own-service', [CONTROL, ROLLOUT], { maxFailed: 4 }],
    [
      'a search for a fix, with the advice its values came from',
      'find-fix',
      [CONTROL, ROLLOUT, FIXED],
      { found: { fix: FIX, advice: advise([ROLLOUT]) } },
    ],
  ];
  for (const [what, kind, traces, options] of runs) {
    test(`${what} unchanged, however often its reports are made again`, (t) => {
      const dir = folder(t);
      const run = measured(dir, kind, traces, options);
      const page = readFileSync(join(dir, 'report.html'), 'utf8');
      for (let again = 0; again < 2; again++) {
        const saved = readRun(dir);
        assert.deepEqual(facts(saved), facts(run));
        assert.deepEqual(
          saved.trials.map((trial) => saved.traceOf(trial)?.trial.variant),
          traces.map(({ trial }) => trial.variant),
        );
        saveRun(ResultFolder.ofSavedRun(dir), saved);
        assert.equal(readFileSync(join(dir, 'report.html'), 'utf8'), page);
        assert.equal(readFileSync(join(dir, 'result.json'), 'utf8'), resultJson(run));
      }
    });
  }

  test('the advice of a search without the sets that were tried', (t) => {
    const dir = folder(t);
    const advice = advise([ROLLOUT]);
    measured(dir, 'find-fix', [CONTROL, ROLLOUT, FIXED], { found: { fix: FIX, advice } });
    assert.deepEqual(readRun(dir).advice, advice);
    assert.notDeepEqual(advise([CONTROL, ROLLOUT, FIXED]), advice, 'the mixture would give different advice');
  });

  test('trials as this version analyses their traces, and trials without a trace as they were saved', (t) => {
    const dir = folder(t);
    const { id } = measured(dir, 'comparison', [told({}, LOST)]);
    const kept = trialResult({ runtime: 'deno' });
    const trials = [{ ...analyse(told({})), failed: 99 }, kept];
    writeFileSync(join(dir, 'result.json'), resultJson(runOfResults(trials, { id })));
    const run = readRun(dir);
    assert.deepEqual(run.trials, [analyse(told({}, LOST)), kept]);
    assert.deepEqual(run.trials.map(run.hasTrace), [true, false]);
  });

  test('nothing from the traces of another run in the same folder', (t) => {
    const dir = folder(t);
    measured(dir, 'comparison', [told({}), told({ variant: 'broken' }, LOST)], { saved: false });
    const other = folder(t);
    const run = measured(other, 'comparison', [told({})]);
    for (const name of ['result.json', 'traces/valid-node-1.json']) {
      writeFileSync(join(dir, name), readFileSync(join(other, name)));
    }
    assert.deepEqual(facts(readRun(dir)), facts(run));
  });

  const killed: [what: string, kind: Run['kind'], traces: Trace[]][] = [
    ['comparison', 'comparison', [told({})]],
    ['rollouts', 'own-service', [CONTROL, ROLLOUT]],
    ['search', 'find-fix', [CONTROL, ROLLOUT, FIXED]],
  ];
  for (const [what, kind, traces] of killed) {
    test(`the trials of a killed ${what}`, (t) => {
      const dir = folder(t);
      const { id } = measured(dir, kind, traces, { saved: false });
      const run = readRun(dir);
      assert.deepEqual([run.id, run.kind, run.trials.length], [id, kind, traces.length]);
    });
  }

  test('no advice from an invalid measurement, but the reason', (t) => {
    const dir = folder(t);
    const invalid = told({ runtime: 'own', variant: 'own' }, { load: { ...LOST.load, droppedRequests: 60 } });
    measured(dir, 'own-service', [CONTROL, invalid]);
    const run = readRun(dir);
    assert.equal(run.advice, undefined);
    const { advice, trials } = Result.parse(JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8')));
    assert.equal(advice, undefined);
    assert.match(trials[1]?.invalidReasons.join() ?? '', /could not be started/);
    assert.ok(reportContents(run).trials.every((trial) => trial.advice === undefined));
  });

  test('an older result, which does not name its run', (t) => {
    const dir = folder(t);
    const json = resultJson(runOfResults([trialResult({ runtime: 'own', variant: 'own' })], { fix: FIX }));
    writeFileSync(join(dir, 'result.json'), json);
    const run = readRun(dir);
    assert.deepEqual([run.kind, run.id, run.trials.length], ['find-fix', undefined, 1]);
    saveRun(ResultFolder.ofSavedRun(dir), run);
    assert.equal(readFileSync(join(dir, 'result.json'), 'utf8'), json);
  });

  test('the trace of the trial that broke most in each cell, for the pictures', (t) => {
    const dir = folder(t);
    const traces = [5, 0, 7, 1, 5].map((failed, repeat) =>
      told({ repeat }, { load: { failures: refused(failed, 10) } }),
    );
    measured(dir, 'comparison', traces);
    const drawn = reportContents(readRun(dir)).trials.filter((trial) => trial.trace);
    assert.deepEqual(
      drawn.map(({ result }) => result.repeat),
      [0, 2, 4],
    );
  });
});

describe('k6 summaries made by hand', () => {
  const SUMMARY = { 'k6-bun-without-pre-stop.json': JSON.stringify(K6_SUMMARY) };

  test('are trials without known causes', (t) => {
    const [summary] = readRun(folder(t, SUMMARY)).trials;
    const { runtime, variant, failed, causes, exposed, valid } = summary ?? trialResult();
    assert.deepEqual([runtime, variant, failed, exposed, valid], ['bun', 'without-pre-stop', 159, 18_880, true]);
    assert.equal(causes.unexplained, 159);
  });

  test('stay separate from the run in the folder, so that making the reports again counts them once', (t) => {
    const dir = folder(t, SUMMARY);
    measured(dir, 'comparison', [told({})]);
    for (let again = 0; again < 2; again++) {
      const run = readRun(dir);
      assert.deepEqual(
        run.trials.map((trial) => trial.runtime),
        ['node', 'bun'],
      );
      saveRun(ResultFolder.ofSavedRun(dir), run);
    }
    assert.match(readFileSync(join(dir, 'report.html'), 'utf8'), /href="#without-pre-stop-bun">159</);
  });

  const drops: [what: string, summary: object, reasons: string[]][] = [
    ['in an outage, in which k6 has to add users', { failed: 300, dropped: 200 }, []],
    ['with nothing broken', { failed: 0, dropped: 200 }, ['200 of 19080 requests could not be started']],
  ];
  for (const [what, change, reasons] of drops) {
    test(`are judged like a trial by the requests that k6 could not start: ${what}`, (t) => {
      const dir = folder(t, { 'k6-bun-broken.json': JSON.stringify({ ...K6_SUMMARY, ...change }) });
      assert.deepEqual(readRun(dir).trials[0]?.invalidReasons, reasons);
    });
  }
});

describe('the reader refuses, in one line,', () => {
  const bad: [what: string, files: Record<string, string>, message: RegExp][] = [
    ['a folder with nothing in it', {}, /holds no results: neither result\.json, traces, nor a k6 summary/],
    ['no JSON', { 'result.json': '{"format":' }, /result\.json: is not JSON/],
    ['another format', { 'result.json': '{"format":"other/1","trials":[]}' }, /result\.json: not a result .*format/],
    [
      'a trial without a field',
      { 'result.json': JSON.stringify({ format: 'k8s-rollout-test/result/1', trials: [{}] }) },
      /result\.json: not a result .*trials\[0\]\.runtime/,
    ],
    ['another k6 summary', { 'k6-mine.json': '{"metrics":{}}' }, /k6-mine\.json: not a k6 summary .*format/],
  ];
  const refuses = (dir: string, message: RegExp) =>
    assert.throws(
      () => readRun(dir),
      (error) => error instanceof InputError && message.test(error.message) && !error.message.includes('\n'),
    );
  for (const [what, files, message] of bad) test(what, (t) => refuses(folder(t, files), message));

  test('a file that is not a trace', (t) => {
    const dir = folder(t);
    measured(dir, 'comparison', [told({})]);
    writeFileSync(join(dir, 'traces', 'valid-bun-1.json'), '{"format":"k8s-rollout-test/trace/2"}');
    refuses(dir, /valid-bun-1\.json: not a trace of this program: trial/);
  });

  test('the traces of two runs, if nothing says which one is meant', (t) => {
    const dir = folder(t);
    ResultFolder.forRun(dir).addTrace(told({ run: 'one' }));
    ResultFolder.ofSavedRun(dir).addTrace(told({ run: 'other', repeat: 1 }));
    refuses(dir, /holds traces of 2 runs and no result\.json/);
  });

  test('a folder that does not exist, or is a file', (t) => {
    const dir = folder(t, { file: '' });
    refuses(join(dir, 'missing'), /no such folder/);
    refuses(join(dir, 'file'), /is a file/);
  });
});
