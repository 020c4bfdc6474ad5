/** Measures rollouts of the user's own service, and prints and saves the results. */
import { InputError } from '../errors.ts';
import { ResultFolder } from '../results/folder.ts';
import { measuredRun, newRun } from '../results/run.ts';
import type { TrialsBackend } from '../trials/run-trials.ts';
import type { TrialPlan } from '../trials/trial.ts';
import { conclude } from './conclude.ts';
import { measure } from './measure.ts';

export interface ReportFlags {
  /** Requests that each rollout may break. */
  maxFailed: number;
  out?: string | undefined;
  overwrite?: boolean | undefined;
  json?: boolean | undefined;
  /** false: do not keep the output of pods. */
  logs: boolean;
}

/**
 * The folder that `--out` names.
 * @throws InputError if it holds another run
 */
export function folderFor({ out, overwrite }: Pick<ReportFlags, 'out' | 'overwrite'>): ResultFolder | undefined {
  if (overwrite && out === undefined) throw new InputError('--overwrite: needs --out DIR');
  return out === undefined ? undefined : ResultFolder.forRun(out, { overwrite });
}

/**
 * Measures these rollouts, reports them, and sets the exit code.
 * @param plan the trials of the run with this id
 * @throws the error that ended them early, after printing what was measured
 */
export async function reportRollouts(
  plan: (run: string) => readonly TrialPlan[],
  backend: TrialsBackend<TrialPlan>,
  seed: number,
  out: ResultFolder | undefined,
  { maxFailed, json, logs }: ReportFlags,
): Promise<void> {
  const identity = newRun('own-service', maxFailed);
  const { measured, failure } = await measure(plan(identity.id), backend, { seed, out, logs });
  conclude(measuredRun(identity, measured), { out, json, failure });
}
