/** Many trials of this project's app on the local cluster, for the benchmarks that need them. */
import type { TrialResult } from '../src/analysis/result.ts';
import { readRequestMix } from '../src/load/request-mix.ts';
import { RUNTIMES } from '../src/manifests/overlays.ts';
import { projectFile } from '../src/project-file.ts';
import { localBackend } from '../src/trials/backend.ts';
import { type ComparedVariant, planTrials } from '../src/trials/plan-comparison.ts';
import { runTrials } from '../src/trials/run-trials.ts';
import type { TrialPlan } from '../src/trials/trial.ts';

export const SEED = 1;

export interface Rollout {
  trial: TrialPlan;
  result: TrialResult;
  /** From the start of the first process to the end of the last one. */
  tookMs: number;
  /** The part of `tookMs` outside the trial: before its first pod is created, and after its load has stopped. */
  aroundMs: number;
}

export interface Rollouts {
  rollouts: readonly Rollout[];
  wallMs: number;
}

/** Runs each variant on each runtime, side by side as `compare` does, and prints the outcome of each on stderr. */
export async function rollMany(variants: readonly ComparedVariant[], repeats: number): Promise<Rollouts> {
  const ending = new AbortController();
  process.once('SIGINT', () => ending.abort(new Error('interrupted')));
  const backend = localBackend('builtin', {}, { onProgress: () => {} });
  const runtimes = await Promise.all(RUNTIMES.map((name) => backend.runtime(name, ending.signal)));
  const trials = await planTrials({
    runtimes,
    variants,
    repeats,
    requestMix: readRequestMix(projectFile('workload.json')),
    load: backend.load.name,
    cluster: backend.name,
    seed: SEED,
    run: 'bench',
  });
  const rollouts: Rollout[] = [];
  const startedMs = performance.now();
  const trialStartedMs = new Map<TrialPlan, number>();
  await runTrials(trials, backend, ending.signal, {
    onStage(trial, stage) {
      if (stage === 'deploying') trialStartedMs.set(trial, performance.now());
    },
    onProgress() {},
    onEvent() {},
    onDiscarded() {},
    onResult(trial, result, { cluster, loadStopMs }) {
      const tookMs = performance.now() - (trialStartedMs.get(trial) ?? startedMs);
      const firstPodMs = Math.min(...cluster.pods.map(({ createdMs }) => createdMs));
      rollouts.push({ trial, result, tookMs, aroundMs: tookMs - (loadStopMs - firstPodMs) });
      const what = `${result.runtime} ${result.variant}: ${result.failed} failed${result.valid ? '' : ', not valid'}`;
      process.stderr.write(`${rollouts.length}/${trials.length} ${what}\n`);
    },
  });
  return { rollouts, wallMs: performance.now() - startedMs };
}
