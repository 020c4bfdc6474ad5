/** The input of every report: a run, its verdict, and for some trials the trace and the advice. */
import { type Advice, advise } from '../analysis/advice.ts';
import { byCell } from '../analysis/cells.ts';
import type { TrialResult } from '../analysis/result.ts';
import { type Judgement, judge } from '../results/judge.ts';
import type { Run } from '../results/run.ts';
import type { Trace } from '../trace/trace.ts';

/** With a picture for every repeat, the page of a long run would be too large to open. */
const MAX_PICTURES_PER_CELL = 3;

export interface ReportedTrial {
  result: TrialResult;
  /** Absent if it was not kept, or if enough others of its cell are shown. */
  trace?: Trace;
  /** Absent without a trace, and if the measurement is invalid. */
  advice?: Advice;
}

export interface ReportContents {
  run: Pick<Run, 'kind' | 'maxFailed' | 'trials' | 'advice' | 'fix'>;
  judgement: Judgement;
  trials: readonly ReportedTrial[];
}

/** All trials. Those that broke most in each cell come with their traces, to be drawn. */
export function reportContents(run: Run): ReportContents {
  const judgement = judge(run);
  const drawn = new Set([...byCell(run.trials).values()].flatMap(worst));
  const trials = run.trials.map((result): ReportedTrial => {
    const trace = drawn.has(result) ? run.traceOf(result) : undefined;
    if (trace === undefined) return { result };
    return judgement.state === 'invalid' || !result.valid
      ? { result, trace }
      : { result, trace, advice: advise([trace]) };
  });
  return { run, judgement, trials };
}

/** The trials of one cell that broke most. Ties go to the earlier one. */
function worst(trials: readonly TrialResult[]): TrialResult[] {
  return [...trials].sort((a, b) => b.failed - a.failed || a.repeat - b.repeat).slice(0, MAX_PICTURES_PER_CELL);
}
