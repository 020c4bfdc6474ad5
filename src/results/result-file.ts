/** The format of `result.json`. `--json` prints it too. */
import * as z from 'zod';
import { Advice } from '../analysis/advice.ts';
import { FixResult } from '../analysis/fix-result.ts';
import { TrialResult } from '../analysis/result.ts';
import { Count, listOf, MAX_TRIALS, Text } from '../trace/units.ts';

export const RESULT_FORMAT = 'k8s-rollout-test/result/1';

export const RunKind = z.enum(['comparison', 'own-service', 'find-fix']);
export type RunKind = z.infer<typeof RunKind>;

export const RunIdentity = z.object({
  id: Text.describe('random; the traces of the run carry the same id'),
  kind: RunKind.describe('what was run: compare, run, or run --find-fix'),
  maxFailed: Count.describe('requests that each rollout may break; 0 in a comparison'),
});
export type RunIdentity = z.infer<typeof RunIdentity>;

export const Result = z.object({
  format: z.literal(RESULT_FORMAT),
  run: RunIdentity.optional().describe('absent if this program measured nothing'),
  trials: listOf(TrialResult, MAX_TRIALS),
  advice: Advice.optional().describe("of run: advice for the user's own service; absent if the measurement is invalid"),
  fix: FixResult.optional().describe('of run --find-fix: the result of the search'),
});
export type Result = z.infer<typeof Result>;
