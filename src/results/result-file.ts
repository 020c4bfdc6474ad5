/** The shape of `result.json`, which `--json` prints too. */
import * as z from 'zod';
import { Advice } from '../analysis/advice.ts';
import { FixResult } from '../analysis/fix-result.ts';
import { TrialResult } from '../analysis/result.ts';
import { Count, listOf, MAX_TRIALS, Text } from '../trace/units.ts';

export const RESULT_FORMAT = 'k8s-rollout-test/result/1';

export const RunKind = z.enum(['comparison', 'own-service', 'find-fix']);
export type RunKind = z.infer<typeof RunKind>;

export const RunIdentity = z.object({
  id: Text.describe('random; the traces of the run carry it too'),
  kind: RunKind.describe('what was run: compare, run, or run --find-fix'),
  maxFailed: Count.describe('requests that a rollout of a run of this kind may break; 0 in a comparison'),
});
export type RunIdentity = z.infer<typeof RunIdentity>;

export const Result = z.object({
  format: z.literal(RESULT_FORMAT),
  run: RunIdentity.optional().describe('absent where nothing was measured by this program'),
  trials: listOf(TrialResult, MAX_TRIALS),
  advice: Advice.optional().describe("of run: what the rollouts say about one's own service; absent when not valid"),
  fix: FixResult.optional().describe('of run --find-fix'),
});
export type Result = z.infer<typeof Result>;
