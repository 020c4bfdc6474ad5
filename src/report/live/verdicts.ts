/** The table of a comparison while it fills: what each cell's trials have broken so far. Pure. */
import { byCell, type CellIdentity, cellKey } from '../../analysis/cells.ts';
import type { TrialResult } from '../../analysis/result.ts';
import { count } from '../format.ts';
import { rolledName, rowName } from '../names.ts';
import { inColumnOrder, rowsOf } from '../summary.ts';
import type { Colors, Piece } from './pieces.ts';

export type Verdict = CellIdentity & Pick<TrialResult, 'valid' | 'failed'>;

const COLUMN_WIDTH = 15;

/** One line for the runtimes and one per variant. None for a run of a single runtime, whose trials say it all. */
export function verdictLines(planned: readonly CellIdentity[], known: readonly Verdict[], colors: Colors): Piece[][] {
  const runtimes = inColumnOrder(planned.map(({ runtime }) => runtime));
  if (runtimes.length < 2) return [];
  const rows = rowsOf(planned);
  const cells = byCell(known);
  const nameWidth = Math.max(...rows.map((row) => rowName(row).length));
  const head = runtimes.map((runtime) => rolledName({ runtime }).padEnd(COLUMN_WIDTH)).join('');
  return [
    [{ text: `  ${' '.repeat(nameWidth)}  ${head.trimEnd()}`, paint: colors.dim }],
    ...rows.map((row) => [
      { text: `  ${rowName(row).padEnd(nameWidth)}  ` },
      ...runtimes.map((runtime) => cellPiece(cells.get(cellKey({ runtime, ...row })) ?? [], colors)),
    ]),
  ];
}

function cellPiece(trials: readonly Verdict[], colors: Colors): Piece {
  const [text, paint] = cellText(trials, colors);
  return { text: text.padEnd(COLUMN_WIDTH), paint };
}

function cellText(trials: readonly Verdict[], colors: Colors): [text: string, paint: Piece['paint'] & {}] {
  if (trials.length === 0) return ['…', colors.dim];
  if (trials.some(({ valid }) => !valid)) return ['INVALID', colors.yellow];
  const failed = trials.reduce((sum, trial) => sum + trial.failed, 0);
  return [`${count(failed)} failed`, failed > 0 ? colors.red : colors.green];
}
