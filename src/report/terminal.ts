/** The results as a table for the terminal, without colour if it is not wanted (NO_COLOR, TERM=dumb, no TTY). */
import Table from 'cli-table3';
import picocolors from 'picocolors';
import type { TrialResult } from '../analysis/result.ts';
import { count, percent, rate, seconds } from './format.ts';
import { comparisonHeadline, type Mood } from './headline.ts';
import { rolledTitle, rowName } from './names.ts';
import { comparisonNotes } from './notes.ts';
import { SESSION_HEAD, sessionRows } from './sessions.ts';
import { type Cell, matrix } from './summary.ts';

/** The headline, the table and the notes. Ends with a newline. */
export function renderTable(trials: readonly TrialResult[], colors = colorsFor(process.stdout)): string {
  const { columns, rows } = matrix(trials);
  const table = new Table({
    head: ['', ...columns.map(rolledTitle)],
    style: { head: [], border: [], compact: false },
  });
  for (const { cells, ...row } of rows) {
    table.push([rowName(row), ...cells.map((cell) => (cell ? cellText(cell, colors) : '–'))]);
  }
  const { text, mood } = comparisonHeadline(trials);
  const sessions = sessionTable(trials);
  const lines = [
    moodColor(mood, colors)(text),
    '',
    table.toString(),
    '',
    ...(sessions === undefined ? [] : [sessions, '']),
    ...comparisonNotes(trials),
  ];
  return `${lines.join('\n')}\n`;
}

/** What became of the sessions; undefined if the load held none open. */
export function sessionTable(trials: readonly TrialResult[]): string | undefined {
  const rows = sessionRows(trials);
  if (rows.length === 0) return undefined;
  const table = new Table({
    head: ['sessions', ...SESSION_HEAD.slice(1)],
    colAligns: ['left', ...SESSION_HEAD.slice(1).map((): 'right' => 'right')],
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows);
  return table.toString();
}

/** Colours under the same conditions as picocolors, but for the given stream, and never for TERM=dumb. */
export function colorsFor(stream: { isTTY?: boolean }): ReturnType<typeof picocolors.createColors> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const wanted = !NO_COLOR && FORCE_COLOR !== '0' && TERM !== 'dumb' && (forced || stream.isTTY === true);
  return picocolors.createColors(wanted);
}

/** The colour of a headline. */
export function moodColor(mood: Mood, colors: ReturnType<typeof colorsFor>): (text: string) => string {
  return { good: colors.green, bad: colors.red, unknown: colors.yellow, neutral: String }[mood];
}

function cellText(cell: Cell, colors: ReturnType<typeof colorsFor>): string {
  const invalid =
    cell.invalid > 0 ? [colors.yellow(cell.invalid === cell.repeats ? 'INVALID' : `${cell.invalid} INVALID`)] : [];
  const hidden = cell.hiddenByGateway > 0 ? [colors.dim(`${count(cell.hiddenByGateway)} hidden by retries`)] : [];
  if (cell.failed === 0) {
    return [
      colors.green(`0 of ${count(cell.exposed)}`),
      colors.dim(`< ${percent(cell.failedUpperBound)}`),
      ...hidden,
      ...invalid,
    ].join('\n');
  }
  const perPod = cell.podsReplaced > 1 ? `, ${rate(cell.failed / cell.podsReplaced)} per pod` : '';
  return [
    colors.red(`${count(cell.failed)} failed${perPod}`),
    ...cell.causes.map((cause) => `${cause.name} ${count(cause.failed)}`),
    ...(cell.longestOutageMs > 0 ? [colors.dim(`outage ${seconds(cell.longestOutageMs)}`)] : []),
    ...hidden,
    ...invalid,
  ].join('\n');
}
