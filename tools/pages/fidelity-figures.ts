/** How results of the local cluster are compared with those of a real one. Pure. */
import type { TrialResult } from '../../src/analysis/result.ts';
import { rate } from '../../src/report/format.ts';
import { matrix } from '../../src/report/summary.ts';

export interface Pair {
  runtime: string;
  variant: string;
  through: string;
  here: readonly TrialResult[];
  there: readonly TrialResult[];
}

/** Every runtime in every variant on every way that both clusters have results for. */
export function pairs(local: readonly TrialResult[], kubernetes: readonly TrialResult[]): Pair[] {
  const { columns, rows } = matrix(local);
  return rows
    .flatMap(({ variant, through }) => columns.map(({ runtime }) => ({ runtime, variant, through })))
    .filter(({ variant }) => variant !== 'control')
    .map(({ runtime, variant, through }) => {
      const of = (trials: readonly TrialResult[]) =>
        trials.filter((trial) => trial.runtime === runtime && trial.variant === variant && trial.through === through);
      return { runtime, variant, through, here: of(local), there: of(kubernetes) };
    })
    .filter(({ here, there }) => here.length > 0 && there.length > 0);
}

export function breaks(trials: readonly TrialResult[]): boolean {
  return trials.some(({ failed }) => failed > 0);
}

/** Mean of failed requests per pod replaced. */
export function perPod(trials: readonly TrialResult[]): number {
  return trials.reduce((sum, trial) => sum + each(trial), 0) / trials.length;
}

function each({ failed, podsReplaced }: TrialResult): number {
  return failed / Math.max(1, podsReplaced);
}

/** Means of thirds are not exact: one of 7/3 and one of 7/6 differ by a factor of two. */
const ROUNDING = 1e-9;

export function withinFactor(a: number, b: number, factor: number): boolean {
  if (a === 0 || b === 0) return a === b;
  return Math.max(a, b) / Math.min(a, b) <= factor + ROUNDING;
}

export function spread(trials: readonly TrialResult[]): string {
  const values = trials.map(each);
  const mean = rate(perPod(trials));
  return values.length === 1 ? mean : `${mean} (${rate(Math.min(...values))}–${rate(Math.max(...values))})`;
}
