/** `compare DIR` and `compare A B`: prints saved results, or what changed between two sets. Nothing is run. */
import { difference } from '../analysis/difference.ts';
import { ExitCode } from '../errors.ts';
import { print, printDocument } from '../output.ts';
import { renderDifference } from '../report/difference.ts';
import { jsonText } from '../report/json.ts';
import { readRun } from '../results/read-run.ts';
import { complain, printRun } from './conclude.ts';

/** Prints the results in a folder as the run printed them, or as JSON. Returns the exit code of that run. */
export function showSaved(dir: string, json: boolean): number {
  const run = readRun(dir);
  printRun(run, json);
  return complain(run);
}

/**
 * Prints what changed from A to B, as text or JSON. Returns the exit code: 1 if more requests broke, 3 if some trials
 * are invalid or nothing can be compared.
 */
export function showDifference(a: string, b: string, json: boolean): number {
  const [trialsA, trialsB] = [readRun(a).trials, readRun(b).trials];
  const found = difference(trialsA, trialsB);
  if (json) printDocument(jsonText(found));
  else print(renderDifference(found, { name: a, trials: trialsA }, { name: b, trials: trialsB }));
  const compared = found.cells.some((cell) => cell.verdict !== 'not-comparable');
  if (!compared || [...trialsA, ...trialsB].some((trial) => !trial.valid)) return ExitCode.invalidMeasurement;
  return found.cells.some((cell) => cell.verdict === 'more') ? ExitCode.brokeRequests : ExitCode.ok;
}
