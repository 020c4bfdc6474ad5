/** What every report is made from: results, and of some trials the trace and what to do about it. */
import type { Advice } from '../analysis/advice.ts';
import type { FixResult } from '../analysis/fix-result.ts';
import type { TrialResult } from '../analysis/result.ts';
import type { Trace } from '../trace/trace.ts';

export interface ReportedTrial {
  result: TrialResult;
  /** Absent when it was not kept, or when enough others of its cell are shown. */
  trace?: Trace;
  advice?: Advice;
}

export interface ReportContents {
  trials: readonly ReportedTrial[];
  /** What is not as it should be, each in a line. */
  complaints: readonly string[];
  /** What a search for a fix came to, where there was one. */
  fix?: FixResult | undefined;
}
