/** Runs trials side by side, as many as the place where they run has room for. */
import { analyse, type TrialResult } from '../analysis/result.ts';
import { scheduleNotKept } from '../analysis/validity.ts';
import type { Cluster } from '../clusters/cluster.ts';
import type { LoadGenerator, LoadProgress } from '../load/load.ts';
import type { ClusterEvent, PodRecord } from '../trace/cluster-record.ts';
import type { Trace } from '../trace/trace.ts';
import type { Pace } from './pace.ts';
import { runTrial, type TrialPlan, type TrialStage } from './trial.ts';

/** Where trials run, and what loads them there. */
export interface TrialsBackend<T extends TrialPlan> {
  load: LoadGenerator;
  /** When the next trial may begin. */
  pace: Pace;
  clusterFor(trial: T): Cluster;
  /** Absent or false where each trial disrupts a workload that others use: then no trial is measured twice. */
  mayMeasureAgain?: boolean;
}

export interface TrialsObserver {
  onStage(trial: TrialPlan, stage: TrialStage): void;
  onProgress(trial: TrialPlan, requests: LoadProgress, pods: readonly PodRecord[]): void;
  onEvent(trial: TrialPlan, event: ClusterEvent): void;
  /** @param reasons why the trial will be measured once more instead */
  onDiscarded(trial: TrialPlan, reasons: readonly string[]): void;
  onResult(trial: TrialPlan, result: TrialResult, trace: Trace): void;
}

/**
 * Runs every trial; results go to the observer as they come. Where the backend allows it, a trial whose load did not keep
 * its schedule is measured once more, after the others: the machine may have been busy with something else. The first
 * error ends the other trials and is thrown once they have taken away what they created.
 */
export async function runTrials<T extends TrialPlan>(
  trials: readonly T[],
  backend: TrialsBackend<T>,
  signal: AbortSignal,
  observer: TrialsObserver,
): Promise<void> {
  const failing = new AbortController();
  const anyEnd = AbortSignal.any([signal, failing.signal]);
  const again: T[] = [];
  const run = async (trial: T, ended: (valid: boolean) => void) => {
    let valid = false;
    try {
      const trace = await runTrial(trial, backend.clusterFor(trial), backend.load, anyEnd, {
        onStage: (stage) => observer.onStage(trial, stage),
        onProgress: (progress, pods) => observer.onProgress(trial, progress, pods),
        onEvent: (event) => observer.onEvent(trial, event),
      });
      const result = analyse(trace);
      valid = result.valid;
      const late = scheduleNotKept(trace);
      if (late.length > 0 && backend.mayMeasureAgain && !trial.discarded) {
        again.push({ ...trial, discarded: late });
        observer.onDiscarded(trial, late);
      } else {
        observer.onResult(trial, result, trace);
      }
    } catch (error) {
      failing.abort(error);
    } finally {
      ended(valid);
    }
  };
  const runAll = async (round: readonly T[]) => {
    const runs: Promise<void>[] = [];
    for (const trial of round) {
      try {
        runs.push(run(trial, await backend.pace.begin(anyEnd)));
      } catch (error) {
        failing.abort(error);
        break;
      }
    }
    await Promise.all(runs);
    signal.throwIfAborted();
    failing.signal.throwIfAborted();
  };
  await runAll(trials);
  await runAll([...again]);
}
