/** What every report is made from: a run, what it comes to, and of some trials the trace and what to do about it. */
import { type Advice, advise } from '../analysis/advice.ts';
import { byCell } from '../analysis/cells.ts';
import type { TrialResult } from '../analysis/result.ts';
import { type Judgement, judge } from '../results/judge.ts';
import type { Run } from '../results/run.ts';
import type { Trace } from '../trace/trace.ts';

/** A page with a picture of every one of many repeats would be too large to open. */
const MAX_PICTURES_PER_CELL = 3;

export interface ReportedTrial {
  result: TrialResult;
  /** Absent when it was not kept, or when enough others of its cell are shown. */
  trace?: Trace;
  /** Absent, too, when the measurement cannot be trusted. */
  advice?: Advice;
}

export interface ReportContents {
  run: Pick<Run, 'kind' | 'maxFailed' | 'trials' | 'advice' | 'fix'>;
  judgement: Judgement;
  trials: readonly ReportedTrial[];
}

/** All trials, with the traces of those that are drawn: in each cell the ones that broke most. */
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

/** Those of one cell that broke most; the first of equals. */
function worst(trials: readonly TrialResult[]): TrialResult[] {
  return [...trials].sort((a, b) => b.failed - a.failed || a.repeat - b.repeat).slice(0, MAX_PICTURES_PER_CELL);
}
