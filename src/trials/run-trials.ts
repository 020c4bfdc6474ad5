/** Runs trials side by side, as far as the place they run at allows, and keeps what has come in. */
import pLimit from 'p-limit';
import { analyse, type TrialResult } from '../analysis/result.ts';
import type { Cluster } from '../clusters/cluster.ts';
import type { LoadGenerator, LoadProgress } from '../load/load.ts';
import type { ClusterEvent, PodRecord } from '../trace/cluster-record.ts';
import type { Trace } from '../trace/trace.ts';
import { runTrial, type TrialPlan, type TrialStage } from './trial.ts';

/** Where trials run, and what loads them there. */
export interface TrialsBackend<T extends TrialPlan> {
  load: LoadGenerator;
  /** How many trials run at a time. */
  atATime: number;
  clusterFor(trial: T): Cluster;
}

export interface TrialsObserver {
  onStage(trial: TrialPlan, stage: TrialStage): void;
  onProgress(trial: TrialPlan, requests: LoadProgress, pods: readonly PodRecord[]): void;
  onEvent(trial: TrialPlan, event: ClusterEvent): void;
  onResult(trial: TrialPlan, result: TrialResult, trace: Trace): void;
}

/**
 * Runs every trial; results go to the observer as they come. The first error ends the others and is thrown once they
 * have taken away what they created.
 */
export async function runTrials<T extends TrialPlan>(
  trials: readonly T[],
  backend: TrialsBackend<T>,
  signal: AbortSignal,
  observer: TrialsObserver,
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
