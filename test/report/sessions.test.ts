/** What the reports say about sessions. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import picocolors from 'picocolors';
import { advise } from '../../src/analysis/advice.ts';
import type { SessionFigures } from '../../src/analysis/sessions.ts';
import { changeLines, measuredLines } from '../../src/report/advice.ts';
import { reportContents } from '../../src/report/contents.ts';
import { htmlReport } from '../../src/report/html/page.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { renderRun } from '../../src/report/run-text.ts';
import { sessionNotes, sessionRows } from '../../src/report/sessions.ts';
import { shutdownWords } from '../../src/report/shutdown-words.ts';
import { judge } from '../../src/results/judge.ts';
import type { SessionRecord } from '../../src/trace/load-record.ts';
import type { Trace } from '../../src/trace/trace.ts';
import { failed, pod } from '../analysis/story.ts';
import { trialResult } from '../results/trial-result.ts';
import { runOf, told } from './reported.ts';

const FIGURES: SessionFigures = {
  clients: 100,
  inOrder: 90,
  closeCodes: { 1001: 60, 1012: 30 },
  cut: 40,
  notOpened: 7,
  endedBefore: 0,
  interruptions: { mean: 1.3, most: 3 },
  withoutSessionMs: { p50: 120, p90: 400, max: 2340 },
  stillWithout: 0,
  busiestPod: { pod: 'web-1', attemptsPerSecond: 66 },
  spread: { pods: 3, fewest: 12, most: 51 },
};

const OWN = { runtime: 'own', variant: 'own' };

describe('the table of sessions', () => {
  test('has a row for each scenario of a trial', () => {
    const trial = trialResult({ ...OWN, sessions: { websocket: FIGURES, events: { ...FIGURES, closeCodes: {} } } });
    assert.deepEqual(sessionRows([trial]), [
      ['rollout-1, websocket', '100', '90 (1001, 1012)', '40', '7', '1.3 (3)', '0.12 s', '2.34 s', '66', '12 to 51'],
      ['rollout-1, events', '100', '90', '40', '7', '1.3 (3)', '0.12 s', '2.34 s', '66', '12 to 51'],
    ]);
  });

  test('adds up the repeats of a comparison, in the order of the matrix', () => {
    const unknown = { ...FIGURES, interruptions: { mean: 0.7, most: 1 }, busiestPod: null, spread: null };
    const trials = [
      trialResult({ variant: 'valid', runtime: 'bun', sessions: { events: unknown } }),
      trialResult({ variant: 'broken', runtime: 'bun', sessions: { events: FIGURES } }),
      trialResult({ variant: 'broken', runtime: 'bun', repeat: 1, sessions: { events: unknown } }),
    ];
    assert.deepEqual(sessionRows(trials), [
      ['broken, Bun, events', '200', '180 (1001, 1012)', '80', '14', '1.0 (3)', '0.12 s', '2.34 s', '66', '12 to 51'],
      ['valid, Bun, events', '100', '90 (1001, 1012)', '40', '7', '0.7 (1)', '0.12 s', '2.34 s', '–', '–'],
    ]);
  });

  test('is left out, with its notes, if the load held no sessions', () => {
    assert.deepEqual([sessionRows([trialResult()]), sessionNotes([trialResult()])], [[], []]);
  });
});

/** A rollout in which SIGKILL cut a session that the server had waited for. */
function waited(): Trace {
  const old = { deletionMs: 1000, sigtermMs: 1000, stoppedListeningMs: 1010, sigkillMs: 9000, exitMs: 9005 };
  const common = { scenario: 'websocket', client: 0 };
  const opened: SessionRecord[] = [
    { ...common, pod: 'old-1', startedMs: 0, openedMs: 1, endedMs: 9001, end: 'cut' },
    { ...common, pod: 'new-1', startedMs: 9100, openedMs: 9101 },
  ];
  const cut = failed('fresh receive ECONNRESET', 0, 9001, { pod: 'old-1', scenario: 'websocket', status: 101 });
  const load = { successes: [], failures: [cut], sessions: { clients: { websocket: 1 }, opened } };
  const story = { pods: [pod('old-1', { ...old, exitSignal: 'SIGKILL' }), pod('new-1')], load };
  return told({ ...OWN, server: 'node server.js' }, story);
}

describe('a server that waits for its sessions', () => {
  const advice = advise([waited()]);
  test('is described', () => {
    assert.equal(
      shutdownWords(advice.server),
      'The pod accepted the session but did not end it: the server waited for 1 session that it never ended, until SIGKILL.',
    );
    const lines = measuredLines(advice).join('\n');
    assert.match(lines, /^Sessions after SIGTERM: 0 ended in order, 1 were cut, all of them by SIGKILL\.$/m);
    assert.match(lines, /it stopped accepting new connections after 0\.01 s\.$/m);
  });

  test('is to end them', () => {
    assert.deepEqual(changeLines(advice), [
      '100 % of the failures (1): in the server: on SIGTERM, close WebSockets with code 1001 and end event streams with their last chunk, well before the grace period ends (docs/sessions.md)',
    ]);
  });
});

describe('every report has the table:', () => {
  const control = told({ ...OWN, variant: 'control' }, { rolloutMs: undefined });
  const run = runOf([control, waited()], { kind: 'own-service' });
  const contents = reportContents(run);
  const row = ['rollout-1, websocket', '1', '0', '1', '0', '1.0 (1)', '0.10 s', '0.10 s', '1', '1'];
  test('the terminal', () => {
    const text = renderRun(run, judge(run), undefined, picocolors.createColors(false));
    assert.match(text, new RegExp(row.map((cell) => cell.replace(/[().]/g, '\\$&')).join(' +│ +')));
    assert.match(text, /^A session \(an event stream or a WebSocket\) counts as one request\./m);
  });
  test('Markdown', () => {
    const escaped = row.map((cell) => cell.replace(/^(\d+)\./, '$1\\.'));
    assert.ok(markdownReport(contents).includes(`| ${escaped.join(' | ')} |`), markdownReport(contents));
  });
  test('HTML, and the picture shows the sessions that were open', () => {
    const html = htmlReport(contents);
    assert.ok(
      html.includes(
        `<th scope="row">${row[0]}</th>${row
          .slice(1)
          .map((cell) => `<td class="num">${cell}</td>`)
          .join('')}`,
      ),
    );
    assert.match(html, /Sessions open, at most 1/);
  });
});
