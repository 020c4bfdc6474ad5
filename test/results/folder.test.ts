/** What is written to a result folder, what is refused, and what is replaced. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { EnvironmentError, InputError } from '../../src/errors.ts';
import { resultJson } from '../../src/report/json.ts';
import { saveRun } from '../../src/report/save-run.ts';
import { ResultFolder } from '../../src/results/folder.ts';
import { runOf, told } from '../report/reported.ts';

function folder(t: TestContext, files: Record<string, string> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'results-'));
  t.after(() => rmSync(dir, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return dir;
}

const OWN_TRACE = told({ runtime: 'own', variant: 'own', run: 'run-1' });
const RESULT = resultJson(runOf([OWN_TRACE], { kind: 'own-service' }));
const NO_TRIALS = resultJson(runOf([]));
const TRACE = JSON.stringify(told({ run: 'run-1' }));
const PAGE = '<!doctype html>\n<html><meta name="generator" content="k8s-rollout-test">';
const SUMMARY = '{"format":"k8s-rollout-test/k6-summary/1"}';

describe('a folder for a run', () => {
  test('is created, and holds what was written', (t) => {
    const dir = join(folder(t), 'new', 'folder');
    const out = ResultFolder.forRun(dir);
    out.addTrace(OWN_TRACE);
    const page = saveRun(out, runOf([OWN_TRACE], { kind: 'own-service' }));
    assert.deepEqual(readdirSync(dir).sort(), ['report.html', 'result.json', 'traces']);
    assert.deepEqual(readdirSync(join(dir, 'traces')), ['rollout-1.json']);
    assert.equal(page, join(dir, 'report.html'));
    assert.equal(readFileSync(join(dir, 'result.json'), 'utf8'), RESULT);
  });

  const free: [what: string, files: Record<string, string>][] = [
    ['k6 summaries made by hand', { 'k6-bun-valid.json': SUMMARY }],
    ['the page about such summaries', { 'k6-bun-valid.json': SUMMARY, 'result.json': NO_TRIALS, 'report.html': PAGE }],
    ['a run that ended before its first trial', { 'result.json': NO_TRIALS }],
    ['files of other programs', { 'notes.txt': 'mine', 'traces/notes.json': '{"mine":true}' }],
  ];
  for (const [what, files] of free) {
    test(`may hold ${what}, which are kept`, (t) => {
      const dir = folder(t, files);
      ResultFolder.forRun(dir);
      for (const [name, content] of Object.entries(files)) assert.equal(readFileSync(join(dir, name), 'utf8'), content);
    });
  }

  const held: [what: string, files: Record<string, string>, run: RegExp][] = [
    ['a result', { 'result.json': RESULT }, /\(a run from \d{4}-\d\d-\d\d \d\d:\d\d UTC\)/],
    [
      'the result of a comparison',
      { 'result.json': resultJson(runOf([told({})])) },
      /\(a comparison from 2\d{3}-[-\d :]+ UTC\)/,
    ],
    [
      'the result of a search',
      { 'result.json': resultJson(runOf([OWN_TRACE], { kind: 'find-fix' })) },
      /\(a search for a fix from /,
    ],
    ['the result of an older version', { 'result.json': RESULT.replace(/"run": \{[^}]*\},/, '') }, /\(a run from /],
    ['a truncated result', { 'result.json': RESULT.slice(0, 300) }, /\(a run from /],
    ['traces alone', { 'traces/valid-node-1.json': TRACE }, /\(an interrupted run from 2\d{3}-/],
    ['a truncated trace', { 'traces/valid-node-1.json': TRACE.slice(0, 100) }, /\(an interrupted run from /],
    ['an empty result and traces', { 'result.json': NO_TRIALS, 'traces/a.json': TRACE }, /\(a comparison from /],
  ];
  for (const [what, files, run] of held) {
    test(`with ${what} is refused without --overwrite`, (t) => {
      const dir = folder(t, { ...files, 'k6-bun-valid.json': SUMMARY, 'traces/notes.json': '{}', 'notes.txt': 'mine' });
      assert.throws(
        () => ResultFolder.forRun(dir),
        (error: Error) =>
          error instanceof InputError &&
          run.test(error.message) &&
          error.message.startsWith(`${dir} holds the results of another run (`) &&
          error.message.endsWith('); choose another folder or add --overwrite'),
      );
      const out = ResultFolder.forRun(dir, { overwrite: true });
      for (const name of Object.keys(files)) assert.ok(existsSync(join(dir, name)), 'kept until something replaces it');
      out.addTrace(told({ runtime: 'bun', run: 'run-2' }));
      assert.deepEqual(readdirSync(dir).sort(), ['k6-bun-valid.json', 'notes.txt', 'traces']);
      assert.deepEqual(readdirSync(join(dir, 'traces')).sort(), ['notes.json', 'valid-bun-1.json']);
    });
  }

  for (const name of ['result.json', 'report.html']) {
    test(`with a ${name} of another program is always refused`, (t) => {
      const dir = folder(t, { [name]: '{"mine":true}' });
      for (const overwrite of [false, true]) {
        assert.throws(
          () => ResultFolder.forRun(dir, { overwrite }),
          (error: Error) => error instanceof InputError && /was not written by this program/.test(error.message),
        );
      }
      assert.equal(readFileSync(join(dir, name), 'utf8'), '{"mine":true}');
    });
  }

  test('is written through temporary files, so that a link is replaced and not followed', (t) => {
    const dir = folder(t, { 'mine/notes.txt': 'mine' });
    const out = ResultFolder.forRun(join(dir, 'out'));
    symlinkSync(join(dir, 'mine', 'notes.txt'), join(dir, 'out', 'result.json'));
    out.writeResult(RESULT);
    assert.equal(readFileSync(join(dir, 'mine', 'notes.txt'), 'utf8'), 'mine');
    assert.equal(readFileSync(join(dir, 'out', 'result.json'), 'utf8'), RESULT);
    assert.deepEqual(readdirSync(join(dir, 'out')).sort(), ['result.json', 'traces']);
  });

  test('of a killed run is reported as such, and its unfinished files are removed', (t) => {
    const half = 'traces/valid-bun-1.json.0123456789ab.tmp';
    const dir = folder(t, { 'traces/valid-node-1.json': TRACE, [half]: '{' });
    assert.throws(
      () => ResultFolder.forRun(dir),
      /\(an interrupted run from .* UTC; "compare .*" shows what it had measured\)/,
    );
    ResultFolder.forRun(dir, { overwrite: true }).addTrace(told({ runtime: 'deno' }));
    assert.deepEqual(readdirSync(join(dir, 'traces')), ['valid-deno-1.json']);
  });

  test('cannot be a file', (t) => {
    const dir = folder(t, { file: '' });
    assert.throws(
      () => ResultFolder.forRun(join(dir, 'file')),
      (error: Error) => error instanceof EnvironmentError && /file: cannot be written/.test(error.message),
    );
  });
});
