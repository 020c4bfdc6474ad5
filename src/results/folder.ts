/** The folder that `--out` names: the results, and the trace each of them was made from. */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OwnFindings, RESULT_FORMAT, Result, type TrialResult } from '../analysis/result.ts';
import { EnvironmentError, InputError } from '../errors.ts';
import { readJsonFile } from '../json-file.ts';
import type { Trace } from '../trace/trace.ts';
import { K6Summary, summaryResult } from './k6-summary.ts';

const RESULT_FILE = 'result.json';
/** What loadtest.js writes when it is run by hand. */
const K6_SUMMARY_FILE = /^k6-.*\.json$/;

export class ResultFolder {
  readonly #dir: string;

  /**
   * Makes the folder, so that a place that cannot be written to is known before the first trial and not after the last.
   * @throws EnvironmentError when it cannot be made or is no folder
   */
  constructor(dir: string) {
    this.#dir = dir;
    writing(dir, () => mkdirSync(join(dir, 'traces'), { recursive: true }));
  }

  /** Writes one trial's trace to `traces/`. */
  addTrace(trace: Trace): void {
    const { variant, runtime, repeat } = trace.trial;
    const file = join(this.#dir, 'traces', `${variant}-${runtime}-${repeat + 1}.json`);
    writing(file, () => writeFileSync(file, `${JSON.stringify(trace)}\n`));
  }

  /** Writes `result.json`. */
  writeResult(trials: readonly TrialResult[], more: OwnFindings = {}): void {
    const file = join(this.#dir, RESULT_FILE);
    const result = ResultFolder.result(trials, more);
    writing(file, () => writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`));
  }

  /** Trials as `result.json` and `--json` hold them. */
  static result(trials: readonly TrialResult[], more: OwnFindings = {}): Result {
    return { format: RESULT_FORMAT, trials: [...trials], ...more };
  }
}

/**
 * The trials saved in a folder: those of its `result.json` and one for each k6 summary (`k6-*.json`).
 * @throws InputError naming the file that is missing or is not what it should be
 */
export function readResults(dir: string): TrialResult[] {
  if (!existsSync(dir)) throw new InputError(`${dir}: there is no such folder`);
  if (!statSync(dir).isDirectory()) throw new InputError(`${dir}: is a file; name the folder that holds it`);
  const saved = join(dir, RESULT_FILE);
  const summaries = readdirSync(dir)
    .filter((name) => K6_SUMMARY_FILE.test(name))
    .sort()
    .map((name) => summaryResult(readJsonFile(join(dir, name), K6Summary, 'a k6 summary of loadtest.js')));
  if (!existsSync(saved)) {
    if (summaries.length > 0) return summaries;
    throw new InputError(`${dir}: holds no results: neither ${RESULT_FILE} nor a k6 summary (k6-*.json)`);
  }
  return [...readJsonFile(saved, Result, 'a result of this program').trials, ...summaries];
}

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new EnvironmentError(`${path}: cannot be written: ${(error as Error).message}`, { cause: error });
  }
}
