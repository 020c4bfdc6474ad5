/**
 * Reads result folders; nothing else does. Traces are analysed again, so this version also judges what an older one
 * measured.
 */
import { existsSync, lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cellKey } from '../analysis/cells.ts';
import { analyse, type TrialResult } from '../analysis/result.ts';
import { InputError } from '../errors.ts';
import { readJsonFile, readJsonFileIfThere } from '../json-file.ts';
import { printable } from '../printable.ts';
import { Trace } from '../trace/trace.ts';
import {
  fileNames,
  MAX_RESULT_BYTES,
  MAX_SUMMARY_BYTES,
  MAX_TRACE_BYTES,
  MAX_TRACES_BYTES,
  RESULT_FILE,
  traceFiles,
} from './folder-layout.ts';
import { K6Summary, summaryResult } from './k6-summary.ts';
import { Result, type RunIdentity } from './result-file.ts';
import { hintsOf, type Run, withAdvice } from './run.ts';
import { OWN, trialName } from './trial-name.ts';

/** Files that loadtest.js writes when it is run by hand. */
const K6_SUMMARY_FILE = /^k6-.*\.json$/;
const MAX_SUMMARIES = 1000;
/** The largest table that can be read. A comparison has 3 runtimes and 7 variants. */
const MAX_RUNTIMES = 20;
const MAX_VARIANTS = 100;

/** What is kept of a trace after reading it, because traces are large. */
interface SavedTrace {
  file: string;
  run: string;
  result: TrialResult;
  hints: string[];
}

/**
 * The run in a folder: the trials of `result.json`, analysed again if their traces exist, and one trial for each k6
 * summary. Traces of another run are left out.
 * @throws InputError naming the folder that has no results, or the file that has the wrong contents
 */
export function readRun(dir: string): Run {
  const saved = readResultFile(dir);
  const traces = readTraces(dir);
  const id = runId(dir, saved, traces);
  const own = byKey(
    traces.filter(({ run }) => run === id),
    ({ result }) => result,
    ({ file }) => file,
  );
  const savedTrials = saved?.trials ?? [];
  const known = byKey(
    savedTrials,
    (result) => result,
    () => join(dir, RESULT_FILE),
  );
  const measured = [
    ...savedTrials.map((result) => own.get(keyOf(result))?.result ?? result),
    ...[...own.values()].map(({ result }) => result).filter((result) => !known.has(keyOf(result))),
  ];
  const trials = [...measured, ...readSummaries(dir)];
  if (saved === undefined && trials.length === 0) throw holdsNothing(dir);
  assertFewCells(dir, trials);
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

function assertFewCells(dir: string, trials: readonly TrialResult[]): void {
  const runtimes = new Set(trials.map(({ runtime }) => runtime)).size;
  const variants = new Set(trials.map(({ variant }) => variant)).size;
  if (runtimes <= MAX_RUNTIMES && variants <= MAX_VARIANTS) return;
  throw new InputError(
    `${printable(dir)}: holds ${runtimes} runtimes and ${variants} variants; at most ${MAX_RUNTIMES} and ${MAX_VARIANTS} can be shown`,
  );
}

/** Undefined if the folder has none. */
function readResultFile(dir: string): Result | undefined {
  if (!existsSync(dir)) throw new InputError(`${printable(dir) || '""'}: there is no such folder`);
  if (!statSync(dir).isDirectory()) throw new InputError(`${printable(dir)}: is a file; name the folder that holds it`);
  return readJsonFileIfThere(join(dir, RESULT_FILE), {
    schema: Result,
    what: 'a result of this program',
    maxBytes: MAX_RESULT_BYTES,
  });
}

function readTraces(dir: string): SavedTrace[] {
  const files = traceFiles(dir);
  // A single trace that is too large gets its own error, with its name, when it is read.
  const sizes = files.map((file) => Math.min(lstatSync(file, { throwIfNoEntry: false })?.size ?? 0, MAX_TRACE_BYTES));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > MAX_TRACES_BYTES) {
    const [size, limit] = [bytes, MAX_TRACES_BYTES].map((value) => Math.round(value / 2 ** 20));
    throw new InputError(
      `${printable(dir)}: its traces take ${size} MiB, and at most ${limit} MiB are read; move them away to show ${RESULT_FILE} alone`,
    );
  }
  return files.map(readSavedTrace);
}

/** @throws InputError if a trial occurs twice */
function byKey<T>(items: readonly T[], trialOf: (item: T) => TrialResult, fileOf: (item: T) => string): Map<string, T> {
  const known = new Map<string, T>();
  for (const item of items) {
    const trial = trialOf(item);
    const key = keyOf(trial);
    if (known.has(key))
      throw new InputError(`${printable(fileOf(item))}: a second trial ${trialName(trial)} of the same run`);
    known.set(key, item);
  }
  return known;
}

function readSavedTrace(file: string): SavedTrace {
  const trace = readTrace(file);
  return { file, run: trace.trial.run, result: analyse(trace), hints: hintsOf([trace]) };
}

function readTrace(file: string): Trace {
  return readJsonFile(file, { schema: Trace, what: 'a trace of this program', maxBytes: MAX_TRACE_BYTES });
}

/** The id in `result.json`. A run that was killed left only traces, which carry it too. */
function runId(dir: string, saved: Result | undefined, traces: readonly SavedTrace[]): string | undefined {
  if (saved && (saved.run || saved.trials.length > 0)) return saved.run?.id;
  const ids = [...new Set(traces.map(({ run }) => run))];
  if (ids.length > 1) {
    throw new InputError(
      `${printable(dir)}: holds traces of ${ids.length} runs and no ${RESULT_FILE} that names one of them`,
    );
  }
  return ids[0];
}

/** The kind of run, derived from its trials if no `result.json` names it. */
function kindOf(saved: Result | undefined, trials: readonly TrialResult[]): RunIdentity['kind'] {
  if (saved?.fix || trials.some(({ variant }) => variant.startsWith(`${OWN}+`))) return 'find-fix';
  return trials.some(({ runtime }) => runtime === OWN) ? 'own-service' : 'comparison';
}

/** A trial for each k6 summary in a folder. */
function readSummaries(dir: string): TrialResult[] {
  const names = fileNames(dir).filter((name) => K6_SUMMARY_FILE.test(name));
  if (names.length > MAX_SUMMARIES)
    throw new InputError(`${printable(dir)}: holds more than ${MAX_SUMMARIES} k6 summaries`);
  const options = { schema: K6Summary, what: 'a k6 summary of loadtest.js', maxBytes: MAX_SUMMARY_BYTES };
  return names.map((name) => summaryResult(readJsonFile(join(dir, name), options)));
}

function holdsNothing(dir: string): InputError {
  return new InputError(
    `${printable(dir)}: holds no results: neither ${RESULT_FILE}, traces, nor a k6 summary (k6-*.json)`,
  );
}

function keyOf({ repeat, ...cell }: TrialResult): string {
  return `${cellKey(cell)} ${repeat}`;
}
