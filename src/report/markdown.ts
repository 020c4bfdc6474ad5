/** A run as Markdown for a pull request or a job summary on GitHub. */
import type { Advice } from '../analysis/advice.ts';
import { causeById } from '../analysis/causes.ts';
import type { TrialResult } from '../analysis/result.ts';
import { largest } from '../extremes.ts';
import { printable, screenText } from '../printable.ts';
import { isControl } from '../trace/controls.ts';
import { changeLines, hookLines, measuredLines } from './advice.ts';
import { assumptionLines } from './assumptions.ts';
import { complaintLine } from './complaints.ts';
import type { ReportContents } from './contents.ts';
import { count, percent, rate, seconds } from './format.ts';
import { COMPONENT_USE, restInWords, TRIED_HEAD, triedRows, untriedLines } from './found-fix.ts';
import { headline } from './headline.ts';
import { pageTitle, rolledTitle, rowName } from './names.ts';
import { notes } from './notes.ts';
import { TRIAL_HEAD, trialRows } from './own-service.ts';
import { SESSION_HEAD, SESSIONS_TITLE, sessionRows } from './sessions.ts';
import { type Cell, matrix } from './summary.ts';

/** GitHub drops the whole summary of a step if it exceeds 1024 KiB. Some room is left for what other tools add. */
export const MAX_BYTES = 1000 * 1024;

type Contents = Pick<ReportContents, 'run' | 'judgement'>;

/**
 * At most `maxBytes` of UTF-8, ending with a newline. If something does not fit, it is left out, and the text says so.
 */
export function markdownReport({ run, judgement }: Contents, maxBytes = MAX_BYTES): string {
  const { text, mood } = headline(run, judgement);
  const lines = [
    `## ${plain(pageTitle(run))}`,
    '',
    mood === 'neutral' ? '' : `**${plain(text)}.**`,
    '',
    ...spaced(assumptionLines(run.trials).map((line) => `${plain(line)}  `)),
    ...(run.kind === 'comparison' ? matrixTable(run.trials) : table(TRIAL_HEAD, trialRows(run.trials))),
    '',
    ...sessions(run),
    ...notes(run).map((note) => `${plain(note)}  `),
    ...section('Problems', judgement.complaints.map(complaintLine).map(plain)),
    ...(judgement.state === 'invalid' ? [] : whatHelps(run)),
    ...tried(run),
  ];
  return capped(lines, maxBytes);
}

/** How to fix what broke. Not called for an invalid measurement. */
function whatHelps(run: Contents['run']): string[] {
  if (run.kind === 'find-fix') return foundFix(run);
  const broke = run.trials.filter((trial) => !isControl(trial.variant));
  const measured = run.advice ? measuredLines(run.advice).map(plain) : [];
  return [
    ...section(
      'How to fix it',
      run.advice ? adviceLines(run.advice) : fixes(matrix(broke).rows.flatMap(({ cells }) => cells)),
    ),
    ...section('Measured', measured),
  ];
}

/** Based on the measurements of these rollouts, which may contradict the general fixes. */
function adviceLines(advice: Advice): string[] {
  return [...hookLines(advice), ...changeLines(advice)].map(plain);
}

function foundFix({ fix }: Contents['run']): string[] {
  if (!fix) return [];
  const what = [...fix.changes.map((change) => change.what), ...restInWords(fix), ...untriedLines(fix)];
  return [
    ...section('How to fix it', what.map(plain)),
    ...(fix.component === null ? [] : ['', plain(COMPONENT_USE), '', ...codeBlock(fix.component)]),
  ];
}

function tried({ fix }: Contents['run']): string[] {
  return fix ? ['', '### Every set that was tried', '', ...table(TRIED_HEAD, triedRows(fix))] : [];
}

function sessions({ trials }: Contents['run']): string[] {
  const rows = sessionRows(trials);
  return rows.length === 0 ? [] : [`### ${SESSIONS_TITLE}`, '', ...table(SESSION_HEAD, rows), ''];
}

function matrixTable(trials: readonly TrialResult[]): string[] {
  const { columns, rows } = matrix(trials);
  const head = columns.map((column) => plain(rolledTitle(column)));
  return [
    row(['', ...head]),
    row(['---', ...head.map(() => '---')]),
    ...rows.map(({ cells, ...of }) => row([`**${plain(rowName(of))}**`, ...cells.map(cellText)])),
  ];
}

/** Names are aligned left, figures right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [
    row(head.map(plain)),
    row(head.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...rows.map((cells) => row(cells.map(plain))),
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function spaced(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [...lines, ''];
}

function section(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : ['', `### ${title}`, '', ...items.map((item) => `- ${item}`)];
}

/** The fence is longer than any in the text. */
function codeBlock(text: string): string[] {
  const fence = '`'.repeat(
    largest(
      [...text.matchAll(/`+/g)].map(([run]) => run.length + 1),
      3,
    ),
  );
  return [`${fence}yaml`, ...screenText(text.trimEnd()).split('\n'), fence];
}

function cellText(cell: Cell | undefined): string {
  if (!cell) return '–';
  const invalid =
    cell.invalid === 0
      ? []
      : [cell.invalid === cell.repeats ? '**invalid**' : `**${cell.invalid} of ${cell.repeats} invalid**`];
  if (cell.failed === 0) {
    return [`**0** of ${count(cell.exposed)}`, `at most ${percent(cell.failedUpperBound)}`, ...invalid].join('<br>');
  }
  const perPod = cell.podsReplaced > 1 ? `, ${rate(cell.failed / cell.podsReplaced)} per pod` : '';
  return [
    `**${count(cell.failed)}** broken${perPod}`,
    ...cell.causes.map((cause) => `${cause.name} ${count(cause.failed)}`),
    ...(cell.longestOutageMs > 0 ? [`outage ${seconds(cell.longestOutageMs)}`] : []),
    ...invalid,
  ].join('<br>');
}

/** The fix for each cause that broke requests, the most common cause first. */
function fixes(cells: readonly (Cell | undefined)[]): string[] {
  const broken = new Map<string, number>();
  for (const { id, failed } of cells.flatMap((cell) => cell?.causes ?? []))
    broken.set(id, (broken.get(id) ?? 0) + failed);
  return [...broken]
    .sort((a, b) => b[1] - a[1])
    .map(([id, failed]) => {
      const { name, fix } = causeById(id as Parameters<typeof causeById>[0]);
      return `**${name}** (${count(failed)}): ${plain(fix)}`;
    });
}

/** Escapes text so that GitHub's Markdown shows it literally: no formatting, HTML, table cell, link or mention. */
function plain(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]#|~$]/g, '\\$&')
    .replaceAll(/^(?=[-+=:])|(?<=^\d+)(?=[.)])/g, '\\')
    .replaceAll(/(?<=\w):(?=\/\/)|(?<=\bwww)\.|(?<=\bmailto):/gi, (sign) => `&#${sign.charCodeAt(0)};`)
    .replaceAll('@', '@<!-- -->');
}

function capped(lines: readonly string[], maxBytes: number): string {
  const last = 'The rest does not fit here; see report.html.';
  const room = maxBytes - Buffer.byteLength(`\n${last}\n`);
  let bytes = 0;
  const kept = lines.findIndex((line) => {
    bytes += Buffer.byteLength(line) + 1;
    return bytes > room;
  });
  return `${(kept < 0 ? lines : [...lines.slice(0, kept), '', last]).join('\n')}\n`;
}
