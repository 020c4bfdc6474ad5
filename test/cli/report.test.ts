/** `report` as a user runs it, on a folder with made-up traces. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Difference } from '../../src/analysis/difference.ts';
import { resultJson } from '../../src/report/json.ts';
import { saveRun } from '../../src/report/save-run.ts';
import { ResultFolder } from '../../src/results/folder.ts';
import { refused, runOf, runOfResults, told } from '../report/reported.ts';
import { trialResult } from '../results/trial-result.ts';
import { run } from './program.ts';

/** The valid variant on Node broke four requests. */
function saved(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'report-'));
  t.after(() => rmSync(dir, { recursive: true }));
  ResultFolder.forRun(dir).addTrace(told({}, { load: { failures: refused(4, 10) } }));
  return dir;
}

test('writes result.json and report.html, and prints the path', async (t) => {
  const dir = saved(t);
  const ended = await run(t, ['report', dir]);
  assert.deepEqual([ended.code, ended.stderr, ended.stdout], [0, '', `${join(dir, 'report.html')}\n`]);
  assert.equal(JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8')).trials[0].failed, 4);
});

test('prints another format without writing anything', async (t) => {
  const dir = saved(t);
  const formats: [args: string[], start: RegExp][] = [
    [['html'], /^<!doctype html>/],
    [['markdown'], /^## Requests broken/],
    [['junit'], /^<\?xml[\s\S]*<failure message="4 requests broke">/],
    [['svg'], /^<svg xmlns[^>]* aria-label="Requests broken by one rolling update"/],
    [['svg', '--trial', 'valid-node'], /^<svg xmlns[^>]* aria-label="valid on Node 26\.0\.0: 4 broken requests"/],
  ];
  await Promise.all(
    formats.map(async ([args, start]) => {
      const ended = await run(t, ['report', dir, '--format', ...args]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.match(ended.stdout.slice(0, 2000), start);
    }),
  );
  assert.throws(() => statSync(join(dir, 'report.html')), /ENOENT/);
});

test('appends to the step summary on GitHub, keeps it below its limit, and prints annotations', async (t) => {
  const dir = saved(t);
  const file = join(dir, 'summary');
  writeFileSync(file, 'what another command wrote\n'.repeat(38_000));
  process.env.GITHUB_STEP_SUMMARY = file;
  t.after(() => delete process.env.GITHUB_STEP_SUMMARY);
  const ended = await run(t, ['report', dir, '--format', 'github']);
  assert.match(ended.stdout, /^::error title=A valid variant broke requests::valid-node broke 4 requests\n/);
  assert.match(readFileSync(file, 'utf8'), /wrote\n[\s\S]*The rest does not fit here/);
  assert.ok(statSync(file).size < 1024 * 1024);
});

test('says that --format github needs GitHub Actions', async (t) => {
  const ended = await run(t, ['report', saved(t), '--format', 'github']);
  assert.equal(ended.code, 4);
  assert.match(ended.stderr, /^k8s-rollout-test: GITHUB_STEP_SUMMARY is not set: [^\n]*\n$/);
});

test('compare of two folders says what changed, with exit code 1 if more broke', async (t) => {
  const of = (failed: number) => {
    const dir = mkdtempSync(join(tmpdir(), 'report-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const trials = [0, 1, 2, 3].map((repeat) => trialResult({ repeat, causes: { capacity: failed } }));
    ResultFolder.forRun(dir).writeResult(resultJson(runOfResults(trials)));
    return dir;
  };
  const [few, many] = [of(1), of(9)];
  const worse = await run(t, ['compare', few, many]);
  assert.match(worse.stdout, /^B compared with A: more requests broke in valid-node\n/);
  assert.equal(worse.code, 1);
  const better = await run(t, ['compare', many, few, '--json']);
  assert.equal(Difference.parse(JSON.parse(better.stdout)).cells[0]?.verdict, 'fewer');
  assert.deepEqual([better.code, better.stderr], [0, '']);
});

/** A folder of rollouts of a user's own service: a control, and a rollout with that many failures. */
function ownService(t: TestContext, failed: number, maxFailed = 0): string {
  const dir = mkdtempSync(join(tmpdir(), 'report-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const own = { runtime: 'own', runtimeVersion: '', server: 'node server.js', run: 'run-1' };
  const traces = [
    told({ ...own, variant: 'control' }, { rolloutMs: undefined }),
    told({ ...own, variant: 'own' }, { load: { failures: refused(failed, 10) } }),
  ];
  const out = ResultFolder.forRun(dir);
  for (const trace of traces) out.addTrace(trace);
  saveRun(out, runOf(traces, { kind: 'own-service', maxFailed }));
  return dir;
}

test("a folder of a user's own rollouts gets the same verdict as from run", async (t) => {
  const broken = ownService(t, 4);
  const allowed = ownService(t, 4, 4);
  const summary = join(broken, 'summary');
  const env = { GITHUB_STEP_SUMMARY: summary };
  const [compared, github, junit, svg, fine, quiet] = await Promise.all([
    run(t, ['compare', broken]),
    run(t, ['report', broken, '--format', 'github'], { env }),
    run(t, ['report', broken, '--format', 'junit']),
    run(t, ['report', broken, '--format', 'svg', '--trial', 'rollout-1']),
    run(t, ['compare', allowed]),
    run(t, ['report', allowed, '--format', 'github'], { env: { GITHUB_STEP_SUMMARY: join(allowed, 'summary') } }),
  ]);
  assert.match(compared.stdout, /^node server\.js: a rolling update of 1 pod broke 4 of \d+ exposed requests\n/);
  assert.deepEqual([compared.code, compared.stderr], [1, 'rollout-1 broke 4 requests\n']);
  assert.match(github.stdout, /^::error title=A rollout broke requests::node server\.js: rollout-1 broke 4 requests\n/);
  assert.match(readFileSync(summary, 'utf8'), /### Problems\n\n- rollout-1 broke 4 requests\n/);
  assert.match(
    junit.stdout,
    /<testcase name="node server\.js: rollout-1" [^>]*>\s*<failure message="4 requests broke">/,
  );
  assert.match(svg.stdout, /aria-label="node server\.js, rollout: 4 broken requests"/);
  assert.match(fine.stdout, /^node server\.js: .* broke 4 of .*, no more than --max-failed allows\n/);
  assert.deepEqual([fine.code, fine.stderr], [0, '']);
  assert.match(quiet.stdout, /^node server\.js: [^\n]*; see the job summary\n$/);
});
