import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TrialResult } from '../../src/analysis/result.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { trialResult } from '../results/trial-result.ts';

function markdown(results: readonly TrialResult[], complaints: readonly string[] = [], maxBytes?: number): string {
  return markdownReport({ trials: results.map((result) => ({ result })), complaints }, maxBytes);
}

describe('the report in Markdown', () => {
  test('has the headline, a table, and what mends what broke', () => {
    const lines = markdown([
      trialResult(),
      trialResult({
        variant: 'without-pre-stop',
        causes: { 'routing-lag': 300, 'keep-alive-race': 9 },
        longestOutageMs: 1200,
      }),
      trialResult({ runtime: 'bun', runtimeVersion: '1.4.5', valid: false }),
    ]).split('\n');
    assert.equal(
      lines[2],
      '**valid: 0 of 6,000 exposed requests broke (at most 0.1 % on each runtime, 95 % confidence).**',
    );
    assert.deepEqual(lines.slice(4, 8), [
      '|  | Node 26.10.0 | Bun 1.4.5 |',
      '| --- | --- | --- |',
      '| **without pre stop** | **309** broken, 103 per pod<br>routing lag 300<br>keep-alive race 9<br>outage 1.2 s | – |',
      '| **valid** | **0** of 3,000<br>at most 0.1 % | **0** of 3,000<br>at most 0.1 %<br>**not valid** |',
    ]);
    const mends = lines.slice(lines.indexOf('### What mends it') + 2);
    assert.match(mends[0] ?? '', /^- \*\*routing lag\*\* \(300\): Keep serving/);
    assert.match(mends[1] ?? '', /^- \*\*keep-alive race\*\* \(9\): /);
  });

  test('lets no name or complaint become formatting, HTML, a cell or a mention', () => {
    const hostile = '<img src=x> **b** | a\n# h @someone [l](http://x) `c`';
    const text = markdown([trialResult({ variant: hostile, runtime: hostile, runtimeVersion: hostile })], [hostile]);
    assert.doesNotMatch(text, /<img|(?<!\\)\*\*b|[^\\]\| a|^# h|@someone|(?<!\\)\[l|(?<!\\)`c/m);
    assert.match(text, /&lt;img src=x&gt; \\\*\\\*b\\\*\\\* \\\| a \\# h @<!-- -->someone/);
  });

  test('stays below the size that GitHub takes, by whole lines, and says so', () => {
    const complaints = Array.from({ length: 20_000 }, (_, index) => `invalid: trial ${index}: ${'ä'.repeat(60)}`);
    const text = markdown([trialResult()], complaints);
    assert.ok(Buffer.byteLength(text) < 1024 * 1024);
    assert.ok(Buffer.byteLength(text) > 900 * 1024, 'as much as fits');
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.at(-1), 'The rest did not fit here; report.html has all of it.');
    assert.match(lines.at(-3) ?? '', /^- invalid: trial \d+: ä{60}$/);
  });

  test('has only the remark where there is no room at all', () => {
    assert.equal(markdown([trialResult()], [], 0).trim(), 'The rest did not fit here; report.html has all of it.');
  });
});
