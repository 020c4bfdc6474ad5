import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TrialResult } from '../../src/analysis/result.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { type Complaint, judge } from '../../src/results/judge.ts';
import type { Run } from '../../src/results/run.ts';
import { trialResult } from '../results/trial-result.ts';
import { runOfResults } from './reported.ts';

function markdown(results: readonly TrialResult[], complaints: readonly string[] = [], maxBytes?: number): string {
  const run = runOfResults(results);
  const { complaints: own, ...judgement } = judge(run);
  const more = complaints.map((text): Complaint => ({ kind: 'broke', text }));
  return markdownReport({ run, judgement: { ...judgement, complaints: [...own, ...more] } }, maxBytes);
}

describe('the report in Markdown', () => {
  test('has the headline, a table, and how to fix what broke', () => {
    const lines = markdown([
      trialResult(),
      trialResult({
        variant: 'without-pre-stop',
        causes: { 'routing-lag': 300, 'keep-alive-race': 9 },
        longestOutageMs: 1200,
      }),
      trialResult({ runtime: 'bun', runtimeVersion: '1.4.5' }),
    ]).split('\n');
    assert.equal(
      lines[2],
      '**valid: 0 of 6,000 exposed requests broke (at most 0.1 % on each runtime, 95 % confidence).**',
    );
    assert.deepEqual(lines.slice(4, 8), [
      '|  | Node 26.10.0 | Bun 1.4.5 |',
      '| --- | --- | --- |',
      '| **without pre stop** | **309** broken, 103 per pod<br>routing lag 300<br>keep-alive race 9<br>outage 1.2 s | – |',
      '| **valid** | **0** of 3,000<br>at most 0.1 % | **0** of 3,000<br>at most 0.1 % |',
    ]);
    const fixes = lines.slice(lines.indexOf('### How to fix it') + 2);
    assert.match(fixes[0] ?? '', /^- \*\*routing lag\*\* \(300\): Keep serving/);
    assert.match(fixes[1] ?? '', /^- \*\*keep-alive race\*\* \(9\): /);
  });

  test('has reasons and no fix for an invalid measurement', () => {
    const text = markdown([trialResult({ causes: { capacity: 9 }, valid: false, invalidReasons: ['late'] })]);
    assert.match(text, /\*\*invalid\*\*/);
    assert.match(text, /### Problems\n\n- invalid: valid-node: late\n/);
    assert.doesNotMatch(text, /How to fix it/);
  });

  const own = (failed: number, fields: Parameters<typeof trialResult>[0] = {}) =>
    trialResult({
      runtime: 'own',
      variant: 'own',
      server: 'node server.js',
      causes: { 'routing-lag': failed },
      ...fields,
    });
  const trials = [own(3), own(0, { variant: 'control', rolloutMs: null })];
  const of = (run: Run) => markdownReport({ run, judgement: judge(run) });

  test('lists the rollouts of a service, the control first', () => {
    const text = of(runOfResults(trials, { kind: 'own-service' }));
    assert.match(
      text,
      /^\*\*node server\.js: a rollout of 3 pods broke 3 of 3,000 exposed requests \(1\.0 per pod\)\.\*\*$/m,
    );
    assert.match(text, /\n\| control \| 4,000 .*\n\| rollout-1 \| 4,000 \| 3,000 \| 3 \| /);
    assert.match(
      text,
      /### Problems\n\n- rollout-1 broke 3 requests\n\n### How to fix it\n\n- \*\*routing lag\*\* \(3\)/,
    );
    assert.doesNotMatch(text, /\bown\b/);
  });

  test('has the fix that a search found, and what it tried', () => {
    const text = of(
      runOfResults(trials, {
        kind: 'find-fix',
        fix: {
          state: 'found',
          changes: [{ fix: 'pre-stop', what: 'a preStop sleep of 2 s' }],
          component: 'kind: Component\npatch: "```"\n',
          untried: ['graceful shutdown: no'],
          rest: [],
          tried: [{ set: ['pre-stop'], failed: [0, 0], invalid: 1 }],
        },
      }),
    );
    assert.match(text, /\*\*FOUND: with this change, 2 rollouts of node server\.js broke no requests/);
    assert.match(text, /### How to fix it\n\n- a preStop sleep of 2 s\n- Not tried: graceful shutdown: no\n/);
    assert.match(text, /\n````yaml\nkind: Component\npatch: "```"\n````\n/);
    assert.match(text, /\n\| pre-stop \| 0, 0, invalid \|\n/);
    assert.doesNotMatch(text, /### Problems/);
  });

  test('escapes names and problems, so that none becomes formatting, HTML, a cell or a mention', () => {
    const hostile = '<img src=x> **b** | a\n# h @someone [l](http://x) `c`';
    const text = markdown([trialResult({ variant: hostile, runtime: hostile, runtimeVersion: hostile })], [hostile]);
    assert.doesNotMatch(text, /<img|(?<!\\)\*\*b|[^\\]\| a|^# h|@someone|(?<!\\)\[l|(?<!\\)`c/m);
    assert.match(text, /&lt;img src=x&gt; \\\*\\\*b\\\*\\\* \\\| a \\# h @<!-- -->someone/);
  });

  test('leaves out whole lines to stay below the size that GitHub accepts, and says so', () => {
    const complaints = Array.from({ length: 20_000 }, (_, index) => `trial ${index}: ${'ä'.repeat(60)}`);
    const text = markdown([trialResult()], complaints);
    assert.ok(Buffer.byteLength(text) < 1024 * 1024);
    assert.ok(Buffer.byteLength(text) > 900 * 1024, 'as much as fits');
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.at(-1), 'The rest does not fit here; see report.html.');
    assert.match(lines.at(-3) ?? '', /^- trial \d+: ä{60}$/);
  });

  test('has only the note that it is incomplete if there is no room at all', () => {
    assert.equal(markdown([trialResult()], [], 0).trim(), 'The rest does not fit here; see report.html.');
  });
});

describe('Markdown shows a text literally', () => {
  const table: [text: string, written: string][] = [
    ['a | b', 'a \\| b'],
    ['`code` *x* _y_ ~z~ $m$', '\\`code\\` \\*x\\* \\_y\\_ \\~z\\~ \\$m\\$'],
    ['[x](y) #12', '\\[x\\](y) \\#12'],
    ['<b>&amp;', '&lt;b&gt;&amp;amp;'],
    ['@someone', '@<!-- -->someone'],
    ['https://a.example, www.a.example', 'https&#58;//a.example, www&#46;a.example'],
    ['mailto:x', 'mailto&#58;x'],
    ['- item', '\\- item'],
    ['1. item', '1\\. item'],
    ['::error::x', '\\::error::x'],
    ['a\nb\u001b', 'a b '],
  ];
  for (const [text, written] of table) {
    test(JSON.stringify(text), () => {
      assert.ok(markdown([trialResult()], [text]).includes(`\n- ${written}\n`), markdown([trialResult()], [text]));
    });
  }
});
