/** A result folder read back: its traces are analysed again, so that an old run is told as this version tells it. */
import { advise } from '../analysis/advice.ts';
import { analyse, type OwnFindings, type TrialResult } from '../analysis/result.ts';
import type { Trace } from '../trace/trace.ts';
import { holdsNothing, readSaved, readSummaries, readTrace, traceFiles } from './folder.ts';

export interface SavedRun {
  /** What belongs into `result.json`: analysed again where there is a trace, else as it was saved. */
  measured: TrialResult[];
  /** What `result.json` says beside the trials: the advice anew from the traces, the fix as it was found. */
  findings: OwnFindings;
  /** The measured trials, and the k6 summaries that were made by hand. */
  trials: TrialResult[];
  hasTrace(result: TrialResult): boolean;
  /** The trace that a result was made from, read anew; traces are large and not kept in memory. */
  traceOf(result: TrialResult): Trace | undefined;
}

/** @throws InputError naming the folder without results, or the file that is not what it should be */
export function readRun(dir: string): SavedRun {
  const result = readSaved(dir);
  const files = new Map<string, string>();
  const analysed = new Map<string, TrialResult>();
  for (const file of traceFiles(dir)) {
    const trial = analyse(readTrace(file));
    analysed.set(keyOf(trial), trial);
    files.set(keyOf(trial), file);
  }
  const saved = result?.trials ?? [];
  const known = new Set(saved.map(keyOf));
  const measured = [
    ...saved.map((result) => analysed.get(keyOf(result)) ?? result),
    ...[...analysed.values()].filter((result) => !known.has(keyOf(result))),
  ];
  const trials = [...measured, ...readSummaries(dir)];
  if (trials.length === 0) throw holdsNothing(dir);
  const fileOf = (result: TrialResult) => (measured.includes(result) ? files.get(keyOf(result)) : undefined);
  return {
    measured,
    trials,
    findings: {
      ...(result?.advice
        ? { advice: files.size > 0 ? advise([...files.values()].map(readTrace)) : result.advice }
        : {}),
      ...(result?.fix ? { fix: result.fix } : {}),
    },
    hasTrace: (result) => fileOf(result) !== undefined,
    traceOf(result) {
      const file = fileOf(result);
      return file === undefined ? undefined : readTrace(file);
    },
  };
}

function keyOf({ runtime, variant, repeat }: TrialResult): string {
  return JSON.stringify([runtime, variant, repeat]);
}
