/** What a verdict takes for granted, to stand beside it. */
import type { TrialResult } from '../analysis/result.ts';

type Assumption = NonNullable<TrialResult['assumed']>[number];

/** "Assumed: spec.sessionAffinity is absent (all requests of a client go to one pod)" without the first word. */
export function assumptionLine({ field, value, why }: Assumption): string {
  return `${field}${value === undefined ? ' is left out' : ` is ${value}`}: ${why}`;
}

/** A line for each assumption of these trials, once. */
export function assumptionLines(trials: readonly TrialResult[]): string[] {
  return [...new Set(trials.flatMap(({ assumed = [] }) => assumed.map((one) => `Assumed: ${assumptionLine(one)}.`)))];
}
