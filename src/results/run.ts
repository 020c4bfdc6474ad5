/** A run as one object, from which every report is made: in memory while it is measured, or read from its folder. */
import { randomUUID } from 'node:crypto';
import { type Advice, advise } from '../analysis/advice.ts';
import type { FixResult } from '../analysis/fix-result.ts';
import { BY_HAND, type TrialResult } from '../analysis/result.ts';
import type { Trace } from '../trace/trace.ts';
import { judge } from './judge.ts';
import { RESULT_FORMAT, type Result, type RunIdentity, type RunKind } from './result-file.ts';
import { statusHint } from './status-hint.ts';

export interface Run {
  kind: RunKind;
  /** Absent where only k6 summaries made by hand were found. */
  id?: string | undefined;
  /** Requests that a rollout may break; 0 in a comparison. */
  maxFailed: number;
  /** In the order in which they came; the k6 summaries that were made by hand after them. */
  trials: readonly TrialResult[];
  /** What may have made the measurement invalid, as far as the traces show it. */
  hints: readonly string[];
  /** What the rollouts say about a user's own service; absent when the measurement cannot be trusted. */
  advice?: Advice | undefined;
  /** What a search for a fix came to; absent when it did not end. */
  fix?: FixResult | undefined;
  hasTrace(trial: TrialResult): boolean;
  /** The trace that a result was made from; read anew each time where the run comes from a folder. */
  traceOf(trial: TrialResult): Trace | undefined;
}

/** A trial that was measured just now. */
export interface MeasuredTrial {
  result: TrialResult;
  trace: Trace;
}

/** What a search for a fix adds to its trials. */
export type FixFindings = Pick<Run, 'advice' | 'fix'>;

/** The identity of a run that is about to begin. */
export function newRun(kind: RunKind, maxFailed = 0): RunIdentity {
  return { id: randomUUID(), kind, maxFailed };
}

/** The run of these trials; `found` is what a search for a fix found, where it came to an end. */
export function measuredRun(identity: RunIdentity, measured: readonly MeasuredTrial[], found: FixFindings = {}): Run {
  const traces = new Map(measured.map(({ result, trace }) => [result, trace]));
  return withAdvice({
    ...identity,
    ...found,
    trials: measured.map(({ result }) => result),
    hints: hintsOf(measured.map(({ trace }) => trace)),
    hasTrace: (trial) => traces.has(trial),
    traceOf: (trial) => traces.get(trial),
  });
}

/** Hints of traces, each text once. */
export function hintsOf(traces: Iterable<Trace>): string[] {
  const hints = new Set<string>();
  for (const trace of traces) {
    const hint = statusHint(trace);
    if (hint !== undefined) hints.add(hint);
  }
  return [...hints];
}

/**
 * The run with the advice it may give. The rollouts of one service advise from their traces. A search for a fix keeps the
 * advice that it took its values from: its other trials are of manifests that it changed on purpose.
 */
export function withAdvice(run: Run): Run {
  if (run.kind === 'comparison' || judge(run).state === 'invalid') return { ...run, advice: undefined };
  if (run.kind === 'find-fix' || !run.trials.some(run.hasTrace)) return run;
  return { ...run, advice: advise(run.trials.flatMap((trial) => run.traceOf(trial) ?? [])) };
}

/** The run as `result.json` and `--json` hold it, without the k6 summaries, which have files of their own. */
export function resultOf({ id, kind, maxFailed, trials, advice, fix }: Run): Result {
  return {
    format: RESULT_FORMAT,
    ...(id === undefined ? {} : { run: { id, kind, maxFailed } }),
    trials: trials.filter(({ cluster }) => cluster !== BY_HAND),
    ...(advice && { advice }),
    ...(fix && { fix }),
  };
}
