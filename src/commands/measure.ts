/** Runs trials in front of a user: with progress on stderr, an end on Ctrl-C, and what has come in kept. */
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
  /** For the progress's first line. */
  seed: number;
  /** What is measured, where a run measures several things; for that line too. */
  what?: string;
  /** Where the traces are written, if anywhere. */
  out: ResultFolder | undefined;
  /** Whether traces keep what the pods printed. */
  logs: boolean;
}

export interface Measurement {
  /** In the order in which they came; incomplete after a failure. */
  measured: MeasuredTrial[];
  /** What ended it early; a ProgramError when it was the user. */
  failure: unknown;
}

/** Runs the trials; never rejects for what happens in one, so that what has come in is not lost with it. */
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
