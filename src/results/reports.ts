/** Makes the reports of a result folder. */
import { advise } from '../analysis/advice.ts';
import type { TrialResult } from '../analysis/result.ts';
import { verdict } from '../compare/verdict.ts';
import type { ReportContents } from '../report/contents.ts';
import { htmlReport } from '../report/html/page.ts';
import { ResultFolder } from './folder.ts';
import { readRun, type SavedRun } from './saved-run.ts';

/** A page with a picture of every one of many repeats would be too large to open. */
const MAX_PICTURES_PER_CELL = 3;

/** Writes `result.json` and `report.html` anew from what the folder holds; returns the page's path. */
export function writeReports(dir: string): string {
  const run = readRun(dir);
  const folder = new ResultFolder(dir);
  folder.writeResult(run.measured, run.findings);
  return folder.writePage(htmlReport(reportContents(run)));
}

/** All trials, with the traces of those that are drawn: in each cell the ones that broke most. */
export function reportContents(run: SavedRun): ReportContents {
  const drawn = new Set(run.trials.filter((result) => worseInCell(result, run.trials) < MAX_PICTURES_PER_CELL));
  return {
    trials: run.trials.map((result) => {
      const trace = drawn.has(result) ? run.traceOf(result) : undefined;
      return trace === undefined ? { result } : { result, trace, advice: advise([trace]) };
    }),
    complaints: verdict(run.trials).complaints,
    fix: run.findings.fix,
  };
}

/** How many trials of the same cell come before this one. */
function worseInCell(result: TrialResult, trials: readonly TrialResult[]): number {
  return trials.filter(
    (other) =>
      other.runtime === result.runtime &&
      other.variant === result.variant &&
      (other.failed > result.failed || (other.failed === result.failed && other.repeat < result.repeat)),
  ).length;
}
