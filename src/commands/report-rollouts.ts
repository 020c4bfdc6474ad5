/** Measures the rollouts of one's own service, and prints and saves what they say. */
import { InputError } from '../errors.ts';
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
  /** false: keep nothing that the pods print. */
  logs: boolean;
}

/**
 * The folder that `--out` names.
 * @throws InputError when it holds another run
 */
export function folderFor({ out, overwrite }: Pick<ReportFlags, 'out' | 'overwrite'>): ResultFolder | undefined {
  if (overwrite && out === undefined) throw new InputError('--overwrite goes with --out DIR');
  return out === undefined ? undefined : ResultFolder.forRun(out, { overwrite });
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
  out: ResultFolder | undefined,
  { maxFailed, json, logs }: ReportFlags,
): Promise<void> {
  const identity = newRun('own-service', maxFailed);
  const { measured, failure } = await measure(plan(identity.id), backend, { seed, out, logs });
  conclude(measuredRun(identity, measured), { out, json, failure });
}
