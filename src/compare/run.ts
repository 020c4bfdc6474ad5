/** Runs the trials of a comparison side by side, as far as the machine allows, and keeps what has come in. */
import pLimit from 'p-limit';
import { analyse, type TrialResult } from '../analysis/result.ts';
import type { ClusterEvent } from '../clusters/cluster.ts';
import type { LoadProgress } from '../load/load.ts';
import type { PodRecord, Trace } from '../trace/trace.ts';
import { runTrial, type TrialStage } from '../trial.ts';
import type { Backend } from './backend.ts';
import type { PlannedTrial } from './plan.ts';

export interface ComparisonObserver {
  onStage(trial: PlannedTrial, stage: TrialStage): void;
  onProgress(trial: PlannedTrial, requests: LoadProgress, pods: readonly PodRecord[]): void;
  onEvent(trial: PlannedTrial, event: ClusterEvent): void;
  onResult(trial: PlannedTrial, result: TrialResult, trace: Trace): void;
}

/**
 * Runs every trial; results go to the observer as they come. The first error ends the others and is thrown once they
 * have taken away what they created.
 */
export async function runTrials(
  trials: readonly PlannedTrial[],
  backend: Backend,
  signal: AbortSignal,
  observer: ComparisonObserver,
): Promise<void> {
  const limit = pLimit(backend.atATime);
  const failing = new AbortController();
  const anyEnd = AbortSignal.any([signal, failing.signal]);
  const runs = trials.map((trial) =>
    limit(async () => {
      if (anyEnd.aborted) return;
      try {
        const trace = await runTrial(trial, backend.clusterFor(trial), backend.load, anyEnd, {
          onStage: (stage) => observer.onStage(trial, stage),
          onProgress: (progress, pods) => observer.onProgress(trial, progress, pods),
          onEvent: (event) => observer.onEvent(trial, event),
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
