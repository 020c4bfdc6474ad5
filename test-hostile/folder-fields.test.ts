/**
 * Every field of a saved run, corrupted in every way: the reader rejects it in one line, or every report can be made
 * from it.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { difference } from '../src/analysis/difference.ts';
import type { TrialResult } from '../src/analysis/result.ts';
import { InputError } from '../src/errors.ts';
import { reportContents } from '../src/report/contents.ts';
import { renderDifference } from '../src/report/difference.ts';
import { htmlReport } from '../src/report/html/page.ts';
import { resultJson } from '../src/report/json.ts';
import { junitReport } from '../src/report/junit.ts';
import { markdownReport } from '../src/report/markdown.ts';
import { matrixPicture } from '../src/report/picture/standalone.ts';
import { renderRun } from '../src/report/run-text.ts';
import { judge } from '../src/results/judge.ts';
import { readRun } from '../src/results/read-run.ts';
import { Result } from '../src/results/result-file.ts';
import { PROJECT } from '../test/cli/program.ts';
import { emptyFolder, goodRun, goodSummary, savedFolder } from './saved-run.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Path = readonly (string | number)[];

const LIMIT_MS = 10_000;
const FOUND_FIX = join(PROJECT, 'docs/results/find-fix/broken-bun/result.json');

/** Each value as written in a file; undefined: the field is absent. */
const VALUES: readonly [what: string, json: string | undefined][] = [
  ['absent', undefined],
  ['null, as NaN is written', 'null'],
  ['-1', '-1'],
  ['a half', '0.5'],
  ['2^53 + 2', '9007199254740994'],
  ['1e308', '1e308'],
  ['-1e308', '-1e308'],
  ['beyond all numbers', '1e999'],
  ['the largest time', '1e13'],
  ['the smallest time', '-1e13'],
  ['the largest count', '100000000000'],
  ['an empty text', '""'],
  ['a path', '"../../../tmp/x"'],
  ['a name of the prototype', '"constructor"'],
  ['NUL and an escape', '"\\u0000\\u001b[31m"'],
  ['half a character', '"\\ud800"'],
  ['a long text', JSON.stringify('-'.repeat(100_000))],
  ['a list', '[]'],
  ['a list of itself', '[[[]]]'],
  ['an object', '{}'],
  ['an object with a prototype', '{"__proto__":{"x":1},"constructor":1}'],
  ['true', 'true'],
  ['deep', '['.repeat(5000) + ']'.repeat(5000)],
];

const MARK = '"the value goes here"';

/** Every path in the value; for a list only those of its first item. */
function paths(value: Json, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries: [string | number, Json][] = Array.isArray(value)
    ? value.slice(0, 1).map((item, index): [number, Json] => [index, item])
    : Object.entries(value);
  return [path, ...entries.flatMap(([key, item]) => paths(item, [...path, key]))];
}

function withValue(value: Json, [key, ...rest]: Path, json: string | undefined): string {
  if (key === undefined) return json ?? '';
  const copy = structuredClone(value);
  let at = copy as Record<string, Json>;
  const last = [key, ...rest].reduce((parent, next) => {
    at = at[parent] as Record<string, Json>;
    return next;
  });
  if (json === undefined) delete at[last];
  else at[last] = JSON.parse(MARK);
  // Not with JSON.stringify, which would change some of the texts.
  return JSON.stringify(copy).replace(MARK, () => json ?? '');
}

/** Reads the folder and makes every report from it; a rejection must be one readable line. */
function assertHeld(dir: string, other: readonly TrialResult[], what: string): void {
  const startedMs = performance.now();
  try {
    const run = readRun(dir);
    const judgement = judge(run);
    const contents = reportContents(run);
    const texts = [
      renderRun(run, judgement),
      htmlReport(contents),
      markdownReport(contents),
      junitReport(contents),
      matrixPicture(run),
      renderDifference(difference(other, run.trials), { name: 'a', trials: other }, { name: 'b', trials: run.trials }),
    ];
    for (const text of texts) assert.doesNotMatch(text, /native code|\bNaN\b/, what);
    const written = Result.safeParse(JSON.parse(resultJson(run)));
    assert.ok(written.success, `${what}: what is written cannot be read again: ${written.error?.issues[0]?.path}`);
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw new Error(`${what}: ${(error as Error).stack?.slice(0, 1500)}`, { cause: error });
    }
    assert.doesNotMatch(error.message, /\p{Cc}/u, what);
    assert.ok(error.message.startsWith(dir), `${what}: the file is named: ${error.message.slice(0, 300)}`);
    assert.ok(error.message.length < 1000, `${what}: the line has ${error.message.length} characters`);
  }
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < LIMIT_MS, `${what}: took ${Math.round(tookMs)} ms`);
}

describe('corrupted fields of a saved run', () => {
  const run = goodRun();
  const removals: (() => void)[] = [];
  const folders = { after: (remove: () => void) => void removals.push(remove) };
  after(() => {
    for (const remove of removals) remove();
  });
  const dir = savedFolder(folders, run);
  const other = readRun(dir).trials;
  const [summaries, search] = [emptyFolder(folders), emptyFolder(folders)];
  const found = JSON.parse(readFileSync(FOUND_FIX, 'utf8')) as { [key: string]: Json };
  const files: [name: string, file: string, content: Json, folder: string][] = [
    ['result.json', join(dir, 'result.json'), run.result as unknown as Json, dir],
    ['a trace', join(dir, 'traces', 'rollout-1.json'), run.rollout as unknown as Json, dir],
    [
      'a search for a fix',
      join(search, 'result.json'),
      { ...found, trials: (found.trials as Json[]).slice(0, 3) },
      search,
    ],
    ['a k6 summary', join(summaries, 'k6-bun-valid.json'), goodSummary(), summaries],
  ];
  it('as it is, is read', () => {
    assert.equal(readRun(dir).trials.length, 2);
    assert.ok(readRun(dir).advice, 'there is advice to spoil');
    assertHeld(dir, other, 'as it is');
  });
  for (const [name, file, content, folder] of files) {
    const good = JSON.stringify(content);
    for (const [what, json] of VALUES) {
      it(`of ${name}: ${what}`, () => {
        for (const path of paths(JSON.parse(good) as Json)) {
          writeFileSync(file, withValue(JSON.parse(good) as Json, path, json));
          assertHeld(folder, other, `${path.join('.')} is ${what}`);
        }
        writeFileSync(file, good);
      });
    }
  }
});
