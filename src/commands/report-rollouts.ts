/** Measures the rollouts of one's own service, and prints and saves what they say. */
import { ResultFolder } from '../results/folder.ts';
import { measuredRun, newRun } from '../results/run.ts';
import type { TrialsBackend } from '../trials/run-trials.ts';
import type { TrialPlan } from '../trials/trial.ts';
import { conclude } from './conclude.ts';
import { measure } from './measure.ts';

export interface ReportFlags {
  /** Requests that a rollout may break. */
  maxFailed: number;
  out?: string | undefined;
  overwrite?: boolean | undefined;
  json?: boolean | undefined;
}

/**
 * Sets the exit code by what they broke.
 * @param plan the trials of the run with this id
 * @throws what ended them early, once what had come in is printed
 */
export async function reportRollouts(
  plan: (run: string) => readonly TrialPlan[],
  backend: TrialsBackend<TrialPlan>,
  seed: number,
  flags: ReportFlags,
): Promise<void> {
  const out = flags.out === undefined ? undefined : ResultFolder.forRun(flags.out, flags);
  const identity = newRun('own-service', flags.maxFailed);
  const { measured, failure } = await measure(plan(identity.id), backend, { seed, out });
  conclude(measuredRun(identity, measured), { out, json: flags.json, failure });
}
