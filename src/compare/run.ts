/** Runs trials side by side, as far as the machine allows, and keeps what has come in. */
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { analyse, type TrialResult } from '../analysis/result.ts';
import type { Cluster } from '../clusters/cluster.ts';
import type { LoadGenerator } from '../load/load.ts';
import type { Trace } from '../trace/trace.ts';
import { runTrial, type TrialPlan, type TrialStage } from '../trial.ts';

/**
 * Trials at a time for each core: a trial mostly waits, and one at the default rate takes about a sixth of a core
 * (bench/README.md). The load says when it could not keep its schedule, and the trial is invalid then.
 */
const TRIALS_PER_CORE = { builtin: 2, k6: 1 };

export interface TrialsObserver {
  onStage(trial: TrialPlan, stage: TrialStage): void;
  onProgress(trial: TrialPlan, requests: { started: number; failed: number }): void;
  onResult(trial: TrialPlan, result: TrialResult, trace: Trace): void;
}

export interface TrialsRun<T extends TrialPlan> {
  trials: readonly T[];
  /** A cluster of its own for each trial. */
  clusterFor(trial: T): Cluster;
  load: LoadGenerator;
  /** How many trials run at a time. */
  atATime: number;
  signal: AbortSignal;
}

/** How many trials run at a time on this machine. */
export function concurrency(load: LoadGenerator['name']): number {
  return Math.max(1, TRIALS_PER_CORE[load] * availableParallelism());
}

/**
 * Runs every trial; results go to the observer as they come. The first error ends the others and is thrown once they
 * have taken away what they created.
 */
export async function runTrials<T extends TrialPlan>(run: TrialsRun<T>, observer: TrialsObserver): Promise<void> {
  const { trials, clusterFor, load, atATime, signal } = run;
  const limit = pLimit(atATime);
  const failing = new AbortController();
  const anyEnd = AbortSignal.any([signal, failing.signal]);
  const runs = trials.map((trial) =>
    limit(async () => {
      if (anyEnd.aborted) return;
      const cluster = clusterFor(trial);
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
