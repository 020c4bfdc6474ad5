/** What changed from one set of results to another, runtime by runtime and variant by variant, and how sure that is. */
import * as z from 'zod';
import { upperBound } from './bounds.ts';
import { CAUSE_IDS, type CauseId } from './causes.ts';
import { byCell } from './cells.ts';
import { differenceInterval, mean, meanInterval } from './mean-interval.ts';
import { holm, permutationTest, samplesFor, smallestProbability } from './permutation.ts';
import type { TrialResult } from './result.ts';

export const DIFFERENCE_FORMAT = 'k8s-rollout-test/difference/1';

/** A change is told from chance below this probability, over the whole comparison. */
export const SIGNIFICANCE = 0.05;

const Count = z.int().min(0);
const Bounds = z.tuple([z.number(), z.number()]).nullable();

const Side = z.object({
  runtimeVersion: z.string(),
  rollouts: Count.describe('valid ones; the others are left out'),
  invalid: Count,
  failed: Count,
  exposed: Count,
  failedPerUnit: z.number().nullable().describe('mean over rollouts; null where none is valid'),
  interval: Bounds.describe('of that mean, 95 %; null where it cannot be told'),
  failedUpperBound: z.number().describe('of the failure probability of an exposed request, one-sided, 95 %'),
  causes: z.object(Object.fromEntries(CAUSE_IDS.map((id) => [id, Count])) as Record<CauseId, typeof Count>),
});
export type Side = z.infer<typeof Side>;

export const Verdict = z
  .enum(['more', 'fewer', 'neither-broke', 'not-shown', 'too-few-rollouts', 'not-comparable'])
  .describe('of B against A');
export type Verdict = z.infer<typeof Verdict>;

export const CellDifference = z.object({
  runtime: z.string(),
  variant: z.string(),
  unit: z.enum(['pod', 'rollout']).describe('what failures are counted per: pods replaced, where both sides know them'),
  before: Side.nullable().describe('of A; null where it has no such trial'),
  after: Side.nullable(),
  change: z.number().nullable().describe('of failedPerUnit, B minus A'),
  changeInterval: Bounds.describe('of the change, 95 %; null where it cannot be told'),
  probability: z.number().nullable().describe('of a difference this large by chance: permutation test over rollouts'),
  adjustedProbability: z.number().nullable().describe('the same, for all cells of the comparison together (Holm)'),
  verdict: Verdict,
});
export type CellDifference = z.infer<typeof CellDifference>;

export const Difference = z.object({
  format: z.literal(DIFFERENCE_FORMAT),
  cells: z.array(CellDifference),
  rolloutsNeeded: Count.nullable().describe(
    'of each side, before a difference can be shown at all; null where there are enough',
  ),
});
export type Difference = z.infer<typeof Difference>;

/** Compares B with A, in the order in which their cells first come. */
export function difference(a: readonly TrialResult[], b: readonly TrialResult[]): Difference {
  const [cellsA, cellsB] = [byCell(a), byCell(b)];
  const samples = samplesFor(a.length + b.length);
  const drafts = [...byCell([...a, ...b])].map(([key, [{ runtime, variant }]]) =>
    draft(cellsA.get(key) ?? [], cellsB.get(key) ?? [], { runtime, variant }, samples),
  );
  // What broke nothing on either side can show nothing, however it is dealt, so it is not one of the tests.
  const tested = drafts.filter(({ cell, values }) => cell.probability !== null && values.flat().some((x) => x > 0));
  const adjusted = holm(tested.map(({ cell }) => cell.probability ?? 1));
  const enough = (one: number, other: number) => smallestProbability(one, other) * tested.length <= SIGNIFICANCE;
  for (const [index, { cell, values }] of tested.entries()) {
    cell.adjustedProbability = adjusted[index] ?? null;
    const [one, other] = values;
    if (!enough(one.length, other.length)) cell.verdict = 'too-few-rollouts';
    else if ((cell.adjustedProbability ?? 1) <= SIGNIFICANCE) cell.verdict = (cell.change ?? 0) > 0 ? 'more' : 'fewer';
  }
  const lacking = drafts.some(({ cell }) => cell.verdict === 'too-few-rollouts');
  return {
    format: DIFFERENCE_FORMAT,
    cells: drafts.map(({ cell }) => cell),
    rolloutsNeeded: lacking ? smallestEnough(enough) : null,
  };
}

function smallestEnough(enough: (one: number, other: number) => boolean): number {
  let rollouts = 2;
  while (!enough(rollouts, rollouts)) rollouts++;
  return rollouts;
}

interface Draft {
  cell: CellDifference;
  /** Failures per unit in each valid rollout of A and of B. */
  values: [number[], number[]];
}

function draft(
  a: readonly TrialResult[],
  b: readonly TrialResult[],
  name: { runtime: string; variant: string },
  samples: number,
): Draft {
  const [validA, validB] = [a.filter((trial) => trial.valid), b.filter((trial) => trial.valid)];
  const unit = [...validA, ...validB].every((trial) => trial.podsReplaced > 0) ? 'pod' : 'rollout';
  const perUnit = (trial: TrialResult) => trial.failed / (unit === 'pod' ? trial.podsReplaced : 1);
  const values: Draft['values'] = [validA.map(perUnit), validB.map(perUnit)];
  const both = validA.length > 0 && validB.length > 0;
  const broke = values.flat().some((value) => value > 0);
  return {
    values,
    cell: {
      ...name,
      unit,
      before: side(a, values[0]),
      after: side(b, values[1]),
      change: both ? mean(values[1]) - mean(values[0]) : null,
      changeInterval: differenceInterval(...values) ?? null,
      probability: both ? permutationTest(...values, samples) : null,
      adjustedProbability: null,
      verdict: both ? (broke ? 'not-shown' : 'neither-broke') : 'not-comparable',
    },
  };
}

function side(trials: readonly TrialResult[], values: readonly number[]): Side | null {
  const valid = trials.filter((trial) => trial.valid);
  const first = valid[0] ?? trials[0];
  if (!first) return null;
  const total = (value: (trial: TrialResult) => number) => valid.reduce((sum, trial) => sum + value(trial), 0);
  const [failed, exposed] = [total((trial) => trial.failed), total((trial) => trial.exposed)];
  const interval = meanInterval(values);
  return {
    runtimeVersion: first.runtimeVersion,
    rollouts: valid.length,
    invalid: trials.length - valid.length,
    failed,
    exposed,
    failedPerUnit: values.length > 0 ? mean(values) : null,
    // A count is never below 0.
    interval: interval === undefined ? null : [Math.max(0, interval[0]), interval[1]],
    failedUpperBound: upperBound(failed, exposed),
    causes: Object.fromEntries(CAUSE_IDS.map((id) => [id, total((trial) => trial.causes[id])])) as Side['causes'],
  };
}
