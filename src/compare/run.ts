/** Runs the trials of a comparison side by side, as far as the machine allows, and keeps what has come in. */
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { analyse, type TrialResult } from '../analysis/result.ts';
import { LocalCluster } from '../clusters/local/local-cluster.ts';
import type { LoadGenerator } from '../load/load.ts';
import type { Trace } from '../trace/trace.ts';
import { runTrial, type TrialStage } from '../trial.ts';
import type { PlannedTrial } from './plan.ts';

/**
 * Trials at a time for each core: a trial mostly waits, and one at the default rate takes about a sixth of a core
 * (bench/README.md). The load says when it could not keep its schedule, and the trial is invalid then.
 */
const TRIALS_PER_CORE = { builtin: 2, k6: 1 };

export interface ComparisonObserver {
  onStage(trial: PlannedTrial, stage: TrialStage): void;
  onProgress(trial: PlannedTrial, requests: { started: number; failed: number }): void;
  onResult(trial: PlannedTrial, result: TrialResult, trace: Trace): void;
}

/** How many trials run at a time on this machine. */
export function concurrency(load: LoadGenerator['name']): number {
  return Math.max(1, TRIALS_PER_CORE[load] * availableParallelism());
}

/**
 * Runs every trial; results go to the observer as they come. The first error ends the others and is thrown once they
 * have taken away what they created.
 */
export async function runTrials(
  trials: readonly PlannedTrial[],
  load: LoadGenerator,
  signal: AbortSignal,
  observer: ComparisonObserver,
): Promise<void> {
  const limit = pLimit(concurrency(load.name));
  const failing = new AbortController();
  const anyEnd = AbortSignal.any([signal, failing.signal]);
  const runs = trials.map((trial) =>
    limit(async () => {
      if (anyEnd.aborted) return;
      const cluster = new LocalCluster({ command: trial.runtime.command, seed: trial.identity.seed });
      try {
        const trace = await runTrial(trial, cluster, load, anyEnd, {
          onStage: (stage) => observer.onStage(trial, stage),
          onProgress: (progress) => observer.onProgress(trial, progress),
        });
        observer.onResult(trial, analyse(trace), trace);
      } catch (error) {
        failing.abort(error);
        throw error;
      }
    }),
  );
  const settled = await Promise.allSettled(runs);
  signal.throwIfAborted();
  if (failing.signal.aborted) throw failing.signal.reason;
  for (const run of settled) if (run.status === 'rejected') throw run.reason;
}
