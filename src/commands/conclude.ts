/** The end of every kind of run: save it, print it, report problems, set the exit code. */
import { print, printDocument, printStatus } from '../output.ts';
import { complaintLine } from '../report/complaints.ts';
import { resultJson } from '../report/json.ts';
import { renderRun } from '../report/run-text.ts';
import { saveRun } from '../report/save-run.ts';
import type { ResultFolder } from '../results/folder.ts';
import { judge } from '../results/judge.ts';
import type { Run } from '../results/run.ts';

export interface Conclusion {
  /** The folder to save it in, if any. */
  out: ResultFolder | undefined;
  json: boolean | undefined;
  /** The error that ended it early. */
  failure?: unknown;
  /** The fix that was found, as flags of `run`. */
  fixFlags?: string | undefined;
}

/** @throws the error that ended the run early or that prevented saving it, after printing what was measured */
export function conclude(run: Run, { out, json, failure, fixFlags }: Conclusion): void {
  const unsaved = out && problemOfSaving(run, out);
  if (run.trials.length > 0 || failure === undefined) printRun(run, json, fixFlags);
  if (unsaved !== undefined) throw unsaved;
  if (failure !== undefined) throw failure;
  process.exitCode = complain(run);
}

/** Returns the error instead of throwing it, so that the figures are printed even if the disk is full. */
function problemOfSaving(run: Run, out: ResultFolder): unknown {
  try {
    if (run.trials.length > 0) saveRun(out, run);
    else out.writeResult(resultJson(run));
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Prints each problem as a line on stderr. Returns the exit code. */
export function complain(run: Run): number {
  const { exitCode, complaints } = judge(run);
  for (const complaint of complaints) printStatus(complaintLine(complaint));
  return exitCode;
}

export function printRun(run: Run, json: boolean | undefined, fixFlags?: string): void {
  if (json) printDocument(resultJson(run));
  else print(renderRun(run, judge(run), fixFlags));
}
