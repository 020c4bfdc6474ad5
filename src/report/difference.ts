/** What changed between two sets of results, as text and a table for the terminal. */
import Table from 'cli-table3';
import { CAUSES } from '../analysis/causes.ts';
import { byCell, cellKey } from '../analysis/cells.ts';
import { type CellDifference, type Difference, SIGNIFICANCE, type Side, type Verdict } from '../analysis/difference.ts';
import type { TrialResult } from '../analysis/result.ts';
import { printable, printableData, printableName } from '../printable.ts';
import { cellName } from '../results/trial-name.ts';
import { count, percent, rate } from './format.ts';
import { rolledName, rolledTitle, rowName } from './names.ts';
import { matrix } from './summary.ts';
import { colorsFor } from './terminal.ts';

type Colors = ReturnType<typeof colorsFor>;

/** A set of results and its name. */
export interface NamedResults {
  name: string;
  trials: readonly TrialResult[];
}

const VERDICTS: Record<Verdict, string> = {
  more: 'more broke',
  fewer: 'fewer broke',
  'neither-broke': 'no failures',
  'not-shown': 'no difference shown',
  'too-few-rollouts': 'too few rollouts',
  'not-comparable': 'nothing to compare',
};

/** A summary, the table and notes. Ends with a newline. */
export function renderDifference(
  found: Difference,
  resultsA: NamedResults,
  resultsB: NamedResults,
  colors = colorsFor(process.stdout),
): string {
  const [difference, a, b] = printableData([found, resultsA, resultsB] as const);
  const table = new Table({ head: ['', '', 'A', 'B', 'B vs. A'], style: { head: [], border: [] } });
  const { rows } = matrix([...a.trials, ...b.trials]);
  const differences = byCell(difference.cells);
  for (const { cells, ...row } of rows) {
    const compared = cells.flatMap((cell) =>
      cell ? (differences.get(cellKey(cell)) ?? []).map((found) => ({ found, rolled: rolledName(cell) })) : [],
    );
    compared.forEach(({ found, rolled }, index) => {
      // The variant's name appears once, next to all of its runtimes.
      const name = index === 0 ? [{ content: rowName(row), rowSpan: compared.length }] : [];
      table.push([...name, rolled, ...cellTexts(found, colors)]);
    });
  }
  const lines = [headline(difference, colors), '', from('A', a), from('B', b), '', table.toString(), ''];
  return `${[...lines, ...notes(difference, a, b)].join('\n')}\n`;
}

function headline({ cells, rolloutsNeeded }: Difference, colors: Colors): string {
  const names = (verdict: Verdict) => {
    const found = cells.filter((cell) => cell.verdict === verdict).map((cell) => printableName(cellName(cell)));
    return printable(found.join(', '));
  };
  const parts = [
    ...(names('more') !== '' ? [colors.red(`more requests broke in ${names('more')}`)] : []),
    ...(names('fewer') !== '' ? [colors.green(`fewer requests broke in ${names('fewer')}`)] : []),
  ];
  if (parts.length > 0) return `B compared with A: ${parts.join('; ')}`;
  return rolloutsNeeded === null
    ? 'B compared with A: no difference shown'
    : colors.yellow(
        `B compared with A: too few rollouts to distinguish a change from chance (${rolloutsNeeded} valid ones are needed on each side)`,
      );
}

/** "A  results/old: Node 26.9.0, Bun 1.4.4; local, builtin load" */
function from(letter: string, { name, trials }: NamedResults): string {
  const versions = [...new Set(trials.map(rolledTitle))];
  return `${letter}  ${printable(`${name}: ${versions.join(', ')}; ${circumstances(trials)}`)}`;
}

function circumstances(trials: readonly TrialResult[]): string {
  return [...new Set(trials.map(({ cluster, load }) => `${cluster}, ${load} load`))].sort().join(' and ');
}

function cellTexts(cell: CellDifference, colors: Colors): string[] {
  const { before, after } = cell;
  return [sideText(before), sideText(after), verdictText(cell, colors)];
}

function sideText(side: Side | null): string {
  if (!side) return '–';
  const invalid = side.invalid > 0 ? [`${side.invalid} INVALID, left out`] : [];
  if (side.failedPerUnit === null) return invalid.join('\n');
  if (side.failed === 0) {
    return [`0 of ${count(side.exposed)}`, `< ${percent(side.failedUpperBound)}`, ...invalid].join('\n');
  }
  const between = side.interval ? ` (${rate(side.interval[0])} to ${rate(side.interval[1])})` : '';
  const causes = CAUSES.filter(({ id }) => side.causes[id] > 0)
    .sort((x, y) => side.causes[y.id] - side.causes[x.id])
    .map(({ id, name }) => `${name} ${count(side.causes[id])}`);
  return [`${rate(side.failedPerUnit)}${between}`, ...causes, ...invalid].join('\n');
}

function verdictText(cell: CellDifference, colors: Colors): string {
  const words = VERDICTS[cell.verdict];
  const painted = cell.verdict === 'more' ? colors.red(words) : cell.verdict === 'fewer' ? colors.green(words) : words;
  if (cell.change === null || cell.verdict === 'neither-broke') return painted;
  const interval = cell.changeInterval
    ? ` (${signed(cell.changeInterval[0])} to ${signed(cell.changeInterval[1])})`
    : '';
  const p =
    cell.adjustedProbability === null || cell.verdict === 'too-few-rollouts'
      ? ''
      : `p = ${Number(cell.adjustedProbability.toPrecision(2))}`;
  return [painted, `${signed(cell.change)}${interval}`, p].filter(Boolean).join('\n');
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${rate(Math.abs(value))}`;
}

function notes({ cells, rolloutsNeeded }: Difference, a: NamedResults, b: NamedResults): string[] {
  const units = new Set(cells.map((cell) => cell.unit));
  const unit =
    units.size === 1 && units.has('pod') ? 'replaced pod' : 'replaced pod (per rollout if the pods are unknown)';
  const lines = [
    `Figures are failed requests per ${unit}: the mean over rollouts with its 95 % interval (Student, Welch); if none failed, the upper bound of the failure probability.`,
    `p: the probability that chance alone gives such a difference (permutation test over rollouts, Holm's correction over all cells); at most ${SIGNIFICANCE} counts as a change.`,
  ];
  if (rolloutsNeeded !== null)
    lines.push(`To show a change, run at least ${rolloutsNeeded} rollouts on each side (--repeat ${rolloutsNeeded}).`);
  if (circumstances(a.trials) !== circumstances(b.trials)) {
    lines.push('A and B ran on different clusters or with different load generators, which may explain differences.');
  }
  return lines;
}
