/** A run as one object that every report is made from: either being measured, or read from its folder. */
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
  /** Absent if there are only k6 summaries made by hand. */
  id?: string | undefined;
  /** Requests that a rollout may break; 0 in a comparison. */
  maxFailed: number;
  /** In the order in which they were measured, followed by the k6 summaries made by hand. */
  trials: readonly TrialResult[];
  /** Possible reasons why the measurement is invalid, from the traces. */
  hints: readonly string[];
  /** Advice for the user's own service. Absent if the measurement is invalid. */
  advice?: Advice | undefined;
  /** The result of a search for a fix. Absent if it did not finish. */
  fix?: FixResult | undefined;
  hasTrace(trial: TrialResult): boolean;
  /** The trace that a result was made from. If the run comes from a folder, each call reads the file again. */
  traceOf(trial: TrialResult): Trace | undefined;
}

/** A trial that was just measured. */
export interface MeasuredTrial {
  result: TrialResult;
  trace: Trace;
}

/** What a search for a fix adds to the trials. */
export type FixFindings = Pick<Run, 'advice' | 'fix'>;

/** The identity of a run that is about to begin. */
export function newRun(kind: RunKind, maxFailed = 0): RunIdentity {
  return { id: randomUUID(), kind, maxFailed };
}

/** The run of these trials. `found` is the result of a search for a fix, if it finished. */
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

/** The hints of all traces, without duplicates. */
export function hintsOf(traces: Iterable<Trace>): string[] {
  const hints = new Set<string>();
  for (const trace of traces) {
    const hint = statusHint(trace);
    if (hint !== undefined) hints.add(hint);
  }
  return [...hints];
}

/**
 * Adds the advice to a run. For one service, it comes from the traces of its rollouts. A search for a fix keeps the
 * advice that its values were taken from, because its other trials ran manifests that were changed on purpose. An
 * invalid run and a comparison get no advice.
 */
export function withAdvice(run: Run): Run {
  if (run.kind === 'comparison' || judge(run).state === 'invalid') return { ...run, advice: undefined };
  if (run.kind === 'find-fix' || !run.trials.some(run.hasTrace)) return run;
  return { ...run, advice: advise(run.trials.flatMap((trial) => run.traceOf(trial) ?? [])) };
}

/** The run in the format of `result.json`, without k6 summaries made by hand, which have their own files. */
export function resultOf({ id, kind, maxFailed, trials, advice, fix }: Run): Result {
  return {
    format: RESULT_FORMAT,
    ...(id === undefined ? {} : { run: { id, kind, maxFailed } }),
    trials: trials.filter(({ cluster }) => cluster !== BY_HAND),
    ...(advice && { advice }),
    ...(fix && { fix }),
  };
}
