/** What a verdict takes for granted stands beside it in every report. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import picocolors from 'picocolors';
import { assumptionLines } from '../../src/report/assumptions.ts';
import { reportContents } from '../../src/report/contents.ts';
import { htmlReport } from '../../src/report/html/page.ts';
import { resultJson } from '../../src/report/json.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { renderOwnService } from '../../src/report/own-service.ts';
import { judge } from '../../src/results/judge.ts';
import { Result } from '../../src/results/result-file.ts';
import { trialResult } from '../results/trial-result.ts';
import { runOfResults } from './reported.ts';

const assumed = [
  { field: 'spec.sessionAffinity', why: 'all requests of a client go to one pod' },
  { field: 'spec.replicas', value: '2', why: 'there are no pods to replace' },
];
const trials = ['control', 'own'].map((variant) => trialResult({ runtime: 'own', variant, server: 'node x', assumed }));
const run = runOfResults(trials, { kind: 'own-service' });
const LINES = [
  'Assumed: spec.sessionAffinity is left out: all requests of a client go to one pod.',
  'Assumed: spec.replicas is 2: there are no pods to replace.',
];

describe('the assumptions follow the verdict', () => {
  test('once, however many trials have them', () => assert.deepEqual(assumptionLines(trials), LINES));
  test('in the terminal', () => {
    const [verdict, ...next] = renderOwnService(run, judge(run), picocolors.createColors(false)).split('\n');
    assert.match(verdict ?? '', /^node x: /);
    assert.deepEqual(next.slice(0, 2), LINES);
  });
  test('in Markdown', () => {
    const text = markdownReport({ run, judgement: judge(run) });
    assert.match(text, /\*\*\n\nAssumed: spec\.sessionAffinity is left out: .*\nAssumed: spec\.replicas is 2: /);
  });
  test('in HTML', () => {
    const html = htmlReport(reportContents(run));
    assert.match(
      html,
      /<p class="headline [a-z]+">[^<]*<\/p>\n<p class="note">Assumed: spec\.sessionAffinity is left out/,
    );
  });
  test('in JSON', () => {
    const read = Result.parse(JSON.parse(resultJson(run)));
    assert.deepEqual(
      read.trials.map((trial) => trial.assumed),
      [assumed, assumed],
    );
  });
});
