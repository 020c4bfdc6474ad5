/** The only reader of result folders. Traces are analysed again, so that this version judges what an older one measured. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { analyse, type TrialResult } from '../analysis/result.ts';
import { InputError } from '../errors.ts';
import { readJsonFile } from '../json-file.ts';
import { Trace } from '../trace/trace.ts';
import { RESULT_FILE, traceFiles } from './folder-layout.ts';
import { K6Summary, summaryResult } from './k6-summary.ts';
import { Result, type RunIdentity } from './result-file.ts';
import { hintsOf, type Run, withAdvice } from './run.ts';
import { OWN } from './trial-name.ts';

/** What loadtest.js writes when it is run by hand. */
const K6_SUMMARY_FILE = /^k6-.*\.json$/;

/** What is kept of a trace once it was read: traces are large. */
interface SavedTrace {
  file: string;
  run: string;
  result: TrialResult;
  hints: string[];
}

/**
 * The run that a folder holds: the trials of its `result.json`, analysed again where their traces are there, and one for
 * each k6 summary. Traces of another run are left out.
 * @throws InputError naming the folder without results, or the file that is not what it should be
 */
export function readRun(dir: string): Run {
  const saved = readResultFile(dir);
  const traces = traceFiles(dir).map(readSavedTrace);
  const id = runId(dir, saved, traces);
  const own = new Map(traces.filter(({ run }) => run === id).map((trace) => [keyOf(trace.result), trace]));
  const savedTrials = saved?.trials ?? [];
  const known = new Set(savedTrials.map(keyOf));
  const measured = [
    ...savedTrials.map((result) => own.get(keyOf(result))?.result ?? result),
    ...[...own.values()].map(({ result }) => result).filter((result) => !known.has(keyOf(result))),
  ];
  const trials = [...measured, ...readSummaries(dir)];
  if (saved === undefined && trials.length === 0) throw holdsNothing(dir);
  const files = new Map([...own.values()].map(({ result, file }) => [result, file]));
  return withAdvice({
    ...(saved?.run ?? { kind: kindOf(saved, measured), maxFailed: 0, id }),
    trials,
    hints: [...new Set([...own.values()].flatMap(({ hints }) => hints))],
    advice: saved?.advice,
    fix: saved?.fix,
    hasTrace: (trial) => files.has(trial),
    traceOf(trial) {
      const file = files.get(trial);
      return file === undefined ? undefined : readTrace(file);
    },
  });
}

/** Undefined where the folder has none. */
function readResultFile(dir: string): Result | undefined {
  if (!existsSync(dir)) throw new InputError(`${dir}: there is no such folder`);
  if (!statSync(dir).isDirectory()) throw new InputError(`${dir}: is a file; name the folder that holds it`);
  const file = join(dir, RESULT_FILE);
  return existsSync(file) ? readJsonFile(file, Result, 'a result of this program') : undefined;
}

function readSavedTrace(file: string): SavedTrace {
  const trace = readTrace(file);
  return { file, run: trace.trial.run, result: analyse(trace), hints: hintsOf([trace]) };
}

function readTrace(file: string): Trace {
  return readJsonFile(file, Trace, 'a trace of this program');
}

/** The id in `result.json`. A run that was ended by force left none behind, only its traces. */
function runId(dir: string, saved: Result | undefined, traces: readonly SavedTrace[]): string | undefined {
  if (saved && (saved.run || saved.trials.length > 0)) return saved.run?.id;
  const ids = [...new Set(traces.map(({ run }) => run))];
  if (ids.length > 1) {
    throw new InputError(`${dir}: holds traces of ${ids.length} runs and no ${RESULT_FILE} that names one of them`);
  }
  return ids[0];
}

/** What was run, as far as the trials show it, where no `result.json` says so. */
function kindOf(saved: Result | undefined, trials: readonly TrialResult[]): RunIdentity['kind'] {
  if (saved?.fix || trials.some(({ variant }) => variant.startsWith(`${OWN}+`))) return 'find-fix';
  return trials.some(({ runtime }) => runtime === OWN) ? 'own-service' : 'comparison';
}

/** A trial for each k6 summary in a folder. */
function readSummaries(dir: string): TrialResult[] {
  return readdirSync(dir)
    .filter((name) => K6_SUMMARY_FILE.test(name))
    .sort()
    .map((name) => summaryResult(readJsonFile(join(dir, name), K6Summary, 'a k6 summary of loadtest.js')));
}

function holdsNothing(dir: string): InputError {
  return new InputError(`${dir}: holds no results: neither ${RESULT_FILE}, traces, nor a k6 summary (k6-*.json)`);
}

function keyOf({ runtime, variant, repeat }: TrialResult): string {
  return JSON.stringify([runtime, variant, repeat]);
}
