/** The folder that `--out` names: the results, and the trace each of them was made from. */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OwnFindings, RESULT_FORMAT, Result, type TrialResult } from '../analysis/result.ts';
import { EnvironmentError, InputError } from '../errors.ts';
import { readJsonFile } from '../json-file.ts';
import { Trace } from '../trace/trace.ts';
import { K6Summary, summaryResult } from './k6-summary.ts';

const RESULT_FILE = 'result.json';
const PAGE_FILE = 'report.html';
const TRACES = 'traces';
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
    writing(dir, () => mkdirSync(join(dir, TRACES), { recursive: true }));
  }

  /** Writes one trial's trace to `traces/`. */
  addTrace(trace: Trace): void {
    const file = join(this.#dir, tracePath(trace.trial));
    writing(file, () => writeFileSync(file, `${JSON.stringify(trace)}\n`));
  }

  /** Writes the report that is opened in a browser; returns its path. */
  writePage(html: string): string {
    const file = join(this.#dir, PAGE_FILE);
    writing(file, () => writeFileSync(file, html));
    return file;
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
  const saved = readSaved(dir);
  const trials = [...(saved?.trials ?? []), ...readSummaries(dir)];
  if (saved === undefined && trials.length === 0) throw holdsNothing(dir);
  return trials;
}

/** What is said of a folder without results. */
export function holdsNothing(dir: string): InputError {
  return new InputError(`${dir}: holds no results: neither ${RESULT_FILE} nor a k6 summary (k6-*.json)`);
}

/** A folder's `result.json`; undefined where there is none. */
export function readSaved(dir: string): Result | undefined {
  if (!existsSync(dir)) throw new InputError(`${dir}: there is no such folder`);
  if (!statSync(dir).isDirectory()) throw new InputError(`${dir}: is a file; name the folder that holds it`);
  const file = join(dir, RESULT_FILE);
  return existsSync(file) ? readJsonFile(file, Result, 'a result of this program') : undefined;
}

/** A trial for each k6 summary in a folder. */
export function readSummaries(dir: string): TrialResult[] {
  return readdirSync(dir)
    .filter((name) => K6_SUMMARY_FILE.test(name))
    .sort()
    .map((name) => summaryResult(readJsonFile(join(dir, name), K6Summary, 'a k6 summary of loadtest.js')));
}

/** The paths of the traces in a folder, in order of their names. */
export function traceFiles(dir: string): string[] {
  const traces = join(dir, TRACES);
  if (!existsSync(traces)) return [];
  return readdirSync(traces)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(traces, name));
}

/** @throws InputError when the file is no trace */
export function readTrace(file: string): Trace {
  return readJsonFile(file, Trace, 'a trace of this program');
}

/** Where a folder keeps a trial's trace: `traces/valid-node-1.json`. */
export function tracePath({ variant, runtime, repeat }: { variant: string; runtime: string; repeat: number }): string {
  return join(TRACES, `${variant}-${runtime}-${repeat + 1}.json`);
}

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new EnvironmentError(`${path}: cannot be written: ${(error as Error).message}`, { cause: error });
  }
}
