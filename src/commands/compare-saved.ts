/** `compare DIR` and `compare A B`: saved results, and what changed between two of them. Nothing is run. */
import { difference } from '../analysis/difference.ts';
import type { TrialResult } from '../analysis/result.ts';
import { verdict } from '../compare/verdict.ts';
import { ExitCode } from '../errors.ts';
import { renderDifference } from '../report/difference.ts';
import { renderTable } from '../report/terminal.ts';
import { ResultFolder, readResults } from '../results/folder.ts';

/** Prints the table of one folder, or its JSON; returns the exit code. */
export function showSaved(dir: string, json: boolean): number {
  const saved = readResults(dir);
  printResults(saved, json);
  return verdict(saved).exitCode;
}

/**
 * Prints what changed from A to B, or its JSON; returns the exit code: 1 when more requests broke, 3 when some of the
 * trials are not valid or nothing can be compared.
 */
export function showDifference(a: string, b: string, json: boolean): number {
  const [trialsA, trialsB] = [readResults(a), readResults(b)];
  const found = difference(trialsA, trialsB);
  const text = json
    ? `${JSON.stringify(found, null, 2)}\n`
    : renderDifference(found, { name: a, trials: trialsA }, { name: b, trials: trialsB });
  process.stdout.write(text);
  const compared = found.cells.some((cell) => cell.verdict !== 'not-comparable');
  if (!compared || [...trialsA, ...trialsB].some((trial) => !trial.valid)) return ExitCode.invalidMeasurement;
  return found.cells.some((cell) => cell.verdict === 'more') ? ExitCode.brokeRequests : ExitCode.ok;
}

export function printResults(results: readonly TrialResult[], json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(ResultFolder.result(results), null, 2)}\n` : renderTable(results));
}
