/** What every report is made from: results, and of some trials the trace and what to do about it. */
import type { TrialResult } from '../analysis/result.ts';
import type { Trace } from '../trace/trace.ts';

/** One piece of advice about a trial's manifest, with the numbers it rests on. */
export interface Advice {
  /** What to change, in one sentence. */
  summary: string;
  /** Why: the figures seen. */
  detail?: string;
}

export interface ReportedTrial {
  result: TrialResult;
  /** Absent when it was not kept, or when enough others of its cell are shown. */
  trace?: Trace;
  advice?: readonly Advice[];
}

export interface ReportContents {
  trials: readonly ReportedTrial[];
  /** What is not as it should be, each in a line. */
  complaints: readonly string[];
}
