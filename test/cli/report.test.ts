/** `report` as a user runs it, on a folder made of stories. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Difference } from '../../src/analysis/difference.ts';
import { ResultFolder } from '../../src/results/folder.ts';
import { refused, told } from '../report/reported.ts';
import { trialResult } from '../results/trial-result.ts';
import { run } from './program.ts';

/** Valid on Node broke four requests. */
function saved(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'report-'));
  t.after(() => rmSync(dir, { recursive: true }));
  new ResultFolder(dir).addTrace(told({}, { load: { failures: refused(4, 10) } }));
  return dir;
}

test('writes result.json and report.html, and says where', async (t) => {
  const dir = saved(t);
  const ended = await run(t, ['report', dir]);
  assert.deepEqual([ended.code, ended.stderr, ended.stdout], [0, '', `${join(dir, 'report.html')}\n`]);
  assert.equal(JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8')).trials[0].failed, 4);
});

test('prints another format, and then writes nothing', async (t) => {
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

test('on GitHub adds to the step summary, keeps it below its limit, and prints annotations', async (t) => {
  const dir = saved(t);
  const file = join(dir, 'summary');
  writeFileSync(file, 'what another command wrote\n'.repeat(38_000));
  process.env.GITHUB_STEP_SUMMARY = file;
  t.after(() => delete process.env.GITHUB_STEP_SUMMARY);
  const ended = await run(t, ['report', dir, '--format', 'github']);
  assert.match(ended.stdout, /^::error title=A valid variant broke requests::valid-node broke 4 requests\n/);
  assert.match(readFileSync(file, 'utf8'), /wrote\n[\s\S]*The rest did not fit here/);
  assert.ok(statSync(file).size < 1024 * 1024);
});

test('says that --format github needs GitHub Actions', async (t) => {
  const ended = await run(t, ['report', saved(t), '--format', 'github']);
  assert.equal(ended.code, 4);
  assert.match(ended.stderr, /^k8s-rollout-test: GITHUB_STEP_SUMMARY is not set: [^\n]*\n$/);
});

test('compare of two folders says what changed, with an exit code of 1 when more broke', async (t) => {
  const of = (failed: number) => {
    const dir = mkdtempSync(join(tmpdir(), 'report-'));
    t.after(() => rmSync(dir, { recursive: true }));
    new ResultFolder(dir).writeResult(
      [0, 1, 2, 3].map((repeat) => trialResult({ repeat, causes: { capacity: failed } })),
    );
    return dir;
  };
  const [few, many] = [of(1), of(9)];
  const worse = await run(t, ['compare', few, many]);
  assert.match(worse.stdout, /^B against A: more requests broke in valid-node\n/);
  assert.equal(worse.code, 1);
  const better = await run(t, ['compare', many, few, '--json']);
  assert.equal(Difference.parse(JSON.parse(better.stdout)).cells[0]?.verdict, 'fewer');
  assert.deepEqual([better.code, better.stderr], [0, '']);
});
