/** Runs trials interactively: progress on stderr, Ctrl-C ends them, and the results so far are kept. */
import type { TrialResult } from '../analysis/result.ts';
import { ExitCode, ProgramError } from '../errors.ts';
import { liveTerminal } from '../output.ts';
import { counted } from '../report/format.ts';
import { terminalProgress } from '../report/progress.ts';
import type { ResultFolder } from '../results/folder.ts';
import type { MeasuredTrial } from '../results/run.ts';
import { withoutPodOutput } from '../trace/pod-output.ts';
import type { Trace } from '../trace/trace.ts';
import { runTrials, type TrialsBackend } from '../trials/run-trials.ts';
import type { TrialPlan } from '../trials/trial.ts';
import { interruptions } from './interruptions.ts';

export interface MeasureOptions {
  /** Shown in the first line of the progress. */
  seed: number;
  /** What is measured, if a run measures several things. Shown in that line too. */
  what?: string;
  /** The folder to write traces to, if any. */
  out: ResultFolder | undefined;
  /** Whether traces keep the output of pods. */
  logs: boolean;
}

export interface Measurement {
  /** In the order in which they ended. Incomplete after a failure. */
  measured: MeasuredTrial[];
  /** The error that ended it early; a ProgramError if the user interrupted it. */
  failure: unknown;
}

/** Runs the trials. An error in one of them does not reject, so that the results so far are not lost. */
export async function measure<T extends TrialPlan>(
  trials: readonly T[],
  backend: TrialsBackend<T>,
  { seed, out, what, logs }: MeasureOptions,
): Promise<Measurement> {
  const measured: MeasuredTrial[] = [];
  let failure: unknown;
  const interruption = interruptions();
  const progress = terminalProgress(liveTerminal, trials, { seed, what });
  const observer = {
    ...progress.observer,
    onResult(trial: TrialPlan, result: TrialResult, whole: Trace) {
      const trace = logs ? whole : withoutPodOutput(whole);
      measured.push({ result, trace });
      out?.addTrace(trace);
      progress.observer.onResult(trial, result, trace);
    },
  };
  try {
    await runTrials(trials, backend, interruption.signal, observer);
  } catch (error) {
    failure = error;
  } finally {
    progress.stop();
    interruption.stop();
  }
  if (interruption.signal.aborted) {
    const text = `interrupted after ${measured.length} of ${counted(trials.length, 'trial')}`;
    failure = new ProgramError(text, ExitCode.interrupted);
  }
  return { measured, failure };
}
