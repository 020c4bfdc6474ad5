/** The result as a table for the terminal; plain where colour is not wanted (NO_COLOR, TERM=dumb, no TTY). */
import Table from 'cli-table3';
import picocolors from 'picocolors';
import type { TrialResult } from '../analysis/result.ts';
import { count, percent, rate, seconds } from './format.ts';
import { type Cell, matrix } from './summary.ts';

const DISPLAY_NAMES: Record<string, string> = { node: 'Node', bun: 'Bun', deno: 'Deno' };

/** Results in words and a table, ending with a newline. */
export function renderTable(trials: readonly TrialResult[], colors = colorsFor(process.stdout)): string {
  const { runtimes, rows } = matrix(trials);
  const versions = new Map(trials.map((trial) => [trial.runtime, trial.runtimeVersion]));
  const table = new Table({
    head: ['', ...runtimes.map((name) => `${DISPLAY_NAMES[name] ?? name} ${versions.get(name) ?? ''}`.trim())],
    style: { head: [], border: [], compact: false },
  });
  for (const { variant, cells } of rows) {
    table.push([variant.replaceAll('-', ' '), ...cells.map((cell) => (cell ? cellText(cell, colors) : '–'))]);
  }
  const lines = [headline(rows.find((row) => row.variant === 'valid')?.cells ?? [], colors), '', table.toString(), ''];
  return `${[...lines, ...notes(trials)].join('\n')}\n`;
}

/** Colour where picocolors would use it on that stream, and never for TERM=dumb. */
export function colorsFor(stream: { isTTY?: boolean }): ReturnType<typeof picocolors.createColors> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const wanted = !NO_COLOR && FORCE_COLOR !== '0' && TERM !== 'dumb' && (forced || stream.isTTY === true);
  return picocolors.createColors(wanted);
}

function headline(valid: readonly (Cell | undefined)[], colors: ReturnType<typeof colorsFor>): string {
  const cells = valid.filter((cell) => cell !== undefined);
  if (cells.length === 0) return 'Requests broken by one rolling update';
  const failed = cells.reduce((sum, cell) => sum + cell.failed, 0);
  const exposed = cells.reduce((sum, cell) => sum + cell.exposed, 0);
  const worst = Math.max(...cells.map((cell) => cell.failedUpperBound));
  return failed === 0
    ? colors.green(
        `valid: 0 of ${count(exposed)} exposed requests broke (at most ${percent(worst)} on each runtime, 95 % confidence)`,
      )
    : colors.red(`valid: ${count(failed)} of ${count(exposed)} exposed requests broke`);
}

function cellText(cell: Cell, colors: ReturnType<typeof colorsFor>): string {
  const invalid =
    cell.invalid > 0 ? [colors.yellow(cell.invalid === cell.repeats ? 'INVALID' : `${cell.invalid} INVALID`)] : [];
  if (cell.failed === 0) {
    return [
      colors.green(`0 of ${count(cell.exposed)}`),
      colors.dim(`< ${percent(cell.failedUpperBound)}`),
      ...invalid,
    ].join('\n');
  }
  const perPod = cell.podsReplaced > 1 ? `, ${rate(cell.failed / cell.podsReplaced)} per pod` : '';
  return [
    colors.red(`${count(cell.failed)} failed${perPod}`),
    ...cell.causes.map((cause) => `${cause.name} ${count(cause.failed)}`),
    ...(cell.longestOutageMs > 0 ? [colors.dim(`outage ${seconds(cell.longestOutageMs)}`)] : []),
    ...invalid,
  ].join('\n');
}

function notes(trials: readonly TrialResult[]): string[] {
  const lines = [
    'Of: requests started between the first deletion and the last exit of an old pod (in the control: all).',
  ];
  const repeats = Math.max(...trials.map((trial) => trial.repeat + 1));
  if (repeats > 1) lines.push(`Each cell adds up ${repeats} rollouts.`);
  if (trials.some((trial) => trial.pid1 === false)) {
    lines.push(
      'Processes were not PID 1 here, so one without a SIGTERM handler died at once; in a container it is ignored.',
    );
  }
  const retries = trials.reduce((sum, trial) => sum + (trial.hiddenRetries ?? 0), 0);
  if (retries > 0) lines.push(`${count(retries)} requests reached a pod twice: the client repeated them by itself.`);
  return lines;
}
