/** Measures the rollouts of one's own service, and prints and saves what they say. */
import { advise } from '../analysis/advice.ts';
import { ownVerdict } from '../own-service/verdict.ts';
import { renderOwnService } from '../report/own-service.ts';
import { ResultFolder } from '../results/folder.ts';
import { writeReports } from '../results/reports.ts';
import type { TrialsBackend } from '../trials/run-trials.ts';
import type { TrialPlan } from '../trials/trial.ts';
import { measure } from './measure.ts';

export interface ReportFlags {
  /** Requests that a rollout may break. */
  maxFailed: number;
  out?: string | undefined;
  json?: boolean | undefined;
}

/**
 * Sets the exit code by what they broke.
 * @throws what ended them early, once what had come in is printed
 */
export async function reportRollouts(
  trials: readonly TrialPlan[],
  backend: TrialsBackend<TrialPlan>,
  seed: number,
  flags: ReportFlags,
): Promise<void> {
  const out = flags.out === undefined ? undefined : new ResultFolder(flags.out);
  const { results, traces, failure } = await measure(trials, backend, { seed, out });
  const advice = advise(traces);
  out?.writeResult(results, { advice });
  if (flags.out !== undefined && results.length > 0) writeReports(flags.out);
  const verdict = ownVerdict(results, traces, flags.maxFailed);
  if (results.length > 0 || failure === undefined) {
    const text = flags.json
      ? `${JSON.stringify(ResultFolder.result(results, { advice }), null, 2)}\n`
      : renderOwnService(results, verdict, advice);
    process.stdout.write(text);
  }
  if (failure !== undefined) throw failure;
  for (const complaint of verdict.complaints) process.stderr.write(`${complaint}\n`);
  process.exitCode = verdict.exitCode;
}
