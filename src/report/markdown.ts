/** The result as Markdown for a pull request or a job summary on GitHub. */
import { causeById } from '../analysis/causes.ts';
import type { ReportContents } from './contents.ts';
import { count, percent, rate, seconds } from './format.ts';
import { headline, notes } from './headline.ts';
import { runtimeName, variantName } from './names.ts';
import { type Cell, matrix } from './summary.ts';

/** GitHub drops a step's whole summary when it is larger than 1024 KiB; some is left for what others add to it. */
export const MAX_BYTES = 1000 * 1024;

/** At most `maxBytes` of UTF-8, ending with a newline; what does not fit is left out, and it says so. */
export function markdownReport({ trials, complaints }: ReportContents, maxBytes = MAX_BYTES): string {
  const results = trials.map((trial) => trial.result);
  const { runtimes, rows } = matrix(results);
  const versions = new Map(results.map((result) => [result.runtime, result.runtimeVersion]));
  const { text, clean } = headline(rows.find((row) => row.variant === 'valid')?.cells ?? []);
  const head = runtimes.map((name) => plain(`${runtimeName(name)} ${versions.get(name) ?? ''}`.trim()));
  const lines = [
    '## Requests broken by one rolling update',
    '',
    clean === undefined ? '' : `**${plain(text)}.**`,
    '',
    row(['', ...head]),
    row(['---', ...head.map(() => '---')]),
    ...rows.map(({ variant, cells }) => row([`**${plain(variantName(variant))}**`, ...cells.map(cellText)])),
    '',
    ...notes(results).map((note) => `${plain(note)}  `),
    ...section('Not as it should be', complaints.map(plain)),
    ...section('What mends it', fixes(rows.flatMap(({ cells }) => cells))),
  ];
  return capped(lines, maxBytes);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function section(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : ['', `### ${title}`, '', ...items.map((item) => `- ${item}`)];
}

function cellText(cell: Cell | undefined): string {
  if (!cell) return '–';
  const invalid =
    cell.invalid === 0
      ? []
      : [cell.invalid === cell.repeats ? '**not valid**' : `**${cell.invalid} of ${cell.repeats} not valid**`];
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

/** The fix for each cause that broke something, the commonest first. */
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

/** Text as GitHub's Markdown shows it: no formatting, no HTML, no end of a table's cell, no mention. */
function plain(text: string): string {
  return text
    .replaceAll(/[\r\n]+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]#|~]/g, '\\$&')
    .replaceAll('@', '@<!-- -->');
}

function capped(lines: readonly string[], maxBytes: number): string {
  const last = 'The rest did not fit here; report.html has all of it.';
  const room = maxBytes - Buffer.byteLength(`\n${last}\n`);
  let bytes = 0;
  const kept = lines.findIndex((line) => {
    bytes += Buffer.byteLength(line) + 1;
    return bytes > room;
  });
  return `${(kept < 0 ? lines : [...lines.slice(0, kept), '', last]).join('\n')}\n`;
}
