/** What changed from one set of results to another, runtime by runtime and variant by variant, and how sure that is. */
import * as z from 'zod';
import { upperBound } from './bounds.ts';
import { CAUSE_IDS, type CauseId } from './causes.ts';
import { byCell } from './cells.ts';
import { differenceInterval, mean, meanInterval } from './mean-interval.ts';
import { holm, permutationTest, samplesFor, smallestProbability } from './permutation.ts';
import type { TrialResult } from './result.ts';

export const DIFFERENCE_FORMAT = 'k8s-rollout-test/difference/1';

/** A change is reported if its probability by chance, over the whole comparison, is at most this. */
export const SIGNIFICANCE = 0.05;

const Count = z.int().min(0);
const Bounds = z.tuple([z.number(), z.number()]).nullable();

const Side = z.object({
  runtimeVersion: z.string(),
  rollouts: Count.describe('valid rollouts; invalid ones are left out'),
  invalid: Count,
  failed: Count,
  exposed: Count,
  failedPerUnit: z.number().nullable().describe('mean over rollouts; null if none is valid'),
  interval: Bounds.describe('95 % interval of that mean; null if it cannot be computed'),
  failedUpperBound: z
    .number()
    .describe('upper bound of the failure probability of an exposed request (one-sided, 95 %)'),
  causes: z.object(Object.fromEntries(CAUSE_IDS.map((id) => [id, Count])) as Record<CauseId, typeof Count>),
});
export type Side = z.infer<typeof Side>;

export const Verdict = z
  .enum(['more', 'fewer', 'neither-broke', 'not-shown', 'too-few-rollouts', 'not-comparable'])
  .describe('B compared with A');
export type Verdict = z.infer<typeof Verdict>;

export const CellDifference = z.object({
  runtime: z.string(),
  variant: z.string(),
  through: z.string().describe('the gateway between the load and the pods, or "direct"'),
  unit: z
    .enum(['pod', 'rollout'])
    .describe('failures are counted per replaced pod if both sides know that number, else per rollout'),
  before: Side.nullable().describe('A; null if A has no trial of this cell'),
  after: Side.nullable().describe('B; null if B has no trial of this cell'),
  change: z.number().nullable().describe('failedPerUnit of B minus that of A'),
  changeInterval: Bounds.describe('95 % interval of the change; null if it cannot be computed'),
  probability: z
    .number()
    .nullable()
    .describe('probability of a difference this large by chance (permutation test over rollouts)'),
  adjustedProbability: z
    .number()
    .nullable()
    .describe('the same, adjusted for the number of cells that are tested (Holm)'),
  verdict: Verdict,
});
export type CellDifference = z.infer<typeof CellDifference>;

export const Difference = z.object({
  format: z.literal(DIFFERENCE_FORMAT),
  cells: z.array(CellDifference),
  rolloutsNeeded: Count.nullable().describe(
    'rollouts that each side needs before any difference can be shown; null if there are enough',
  ),
});
export type Difference = z.infer<typeof Difference>;

/** Compares B with A. Cells keep the order in which they first appear. */
export function difference(a: readonly TrialResult[], b: readonly TrialResult[]): Difference {
  const [cellsA, cellsB] = [byCell(a), byCell(b)];
  const samples = samplesFor(a.length + b.length);
  const drafts = [...byCell([...a, ...b])].map(([key, [{ runtime, variant, through }]]) =>
    draft(cellsA.get(key) ?? [], cellsB.get(key) ?? [], { runtime, variant, through }, samples),
  );
  // A cell without failures on either side cannot show a difference under any permutation, so it is not tested.
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
  name: { runtime: string; variant: string; through: string },
  samples: number,
): Draft {
  const [validA, validB] = [a.filter((trial) => trial.valid), b.filter((trial) => trial.valid)];
  const unit = [...validA, ...validB].every((trial) => trial.podsReplaced > 0) ? 'pod' : 'rollout';
  const perUnit = (trial: TrialResult) => trial.failed / (unit === 'pod' ? trial.podsReplaced : 1);
  const values: Draft['values'] = [validA.map(perUnit), validB.map(perUnit)];
  const both = validA.length > 0 && validB.length > 0 && new Set([...validA, ...validB].map(eventOf)).size === 1;
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

/** Results of different events cannot be compared. Older results do not say what was done; it was a rollout. */
function eventOf({ disruption = 'rollout', scaledTo }: TrialResult): string {
  return `${disruption} ${scaledTo ?? ''}`;
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
