/** One trial: deploy, load, roll, wait, take away; what comes out is the trace. */
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, ClusterEvent } from '../clusters/cluster.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import type { LoadGenerator, LoadProgress } from '../load/load.ts';
import type { RequestMix } from '../load/request-mix.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { deriveSeed } from '../random.ts';
import { startClock } from '../trace/clock.ts';
import { type PodRecord, type Settings, TRACE_FORMAT, type Trace, type TrialIdentity } from '../trace/trace.ts';
import { longestTrialMs } from './longest-trial.ts';

/** Load before the rollout, so that connections are open and code is warm. */
export const SETTLE_MS = 2000;
/** Load after the last old pod is gone: what the rollout broke shows by then. */
export const MARGIN_MS = 2000;
/** A control has no rollout to wait for. */
export const CONTROL_MS = 12_000;

export interface TrialPlan {
  identity: TrialIdentity;
  manifests: Manifests;
  requestMix: RequestMix;
  /** A control: everything but the rollout. */
  control: boolean;
}

export type TrialStage = 'deploying' | 'settling' | 'rolling' | 'control' | 'finishing' | 'done';

export interface TrialObserver {
  onStage?(stage: TrialStage): void;
  /** Several times a second: the load so far, and the pods as they are. */
  onProgress?(progress: LoadProgress, pods: readonly PodRecord[]): void;
  /** What the cluster tells of itself, from the deployment on. */
  onEvent?(event: ClusterEvent): void;
}

/**
 * Runs one trial. Whatever happens, what it created is gone when this settles.
 * @throws ProgramError for what the user can mend; the signal's reason when aborted
 */
export async function runTrial(
  plan: TrialPlan,
  cluster: Cluster,
  load: LoadGenerator,
  signal: AbortSignal,
  observer: TrialObserver = {},
): Promise<Trace> {
  const clock = startClock();
  // The load ends with the trial even when the cluster fails, and the cluster's waits end when the load dies.
  const ending = new AbortController();
  const anyEnd = AbortSignal.any([signal, ending.signal]);
  const stage = (name: TrialStage) => observer.onStage?.(name);
  stage('deploying');
  const deployed = await cluster.deploy({
    manifests: plan.manifests,
    clock,
    signal: anyEnd,
    onEvent: (event) => observer.onEvent?.(event),
  });
  try {
    const running = await load.start({
      requestMix: plan.requestMix,
      target: deployed.target,
      clock,
      seed: deriveSeed(plan.identity.seed, 'load'),
      maxDurationMs: longestTrialMs(plan.manifests.deployment.spec),
      signal: anyEnd,
    });
    const ticker = setInterval(() => observer.onProgress?.(running.progress(), deployed.record().pods), 250);
    try {
      const pause = (ms: number) => Promise.race([delay(ms, undefined, { signal: anyEnd }), running.died]);
      let rolloutMs: number | undefined;
      if (plan.control) {
        stage('control');
        await pause(CONTROL_MS);
      } else {
        stage('settling');
        await pause(SETTLE_MS);
        stage('rolling');
        rolloutMs = clock.nowMs();
        await Promise.race([deployed.rollout(), running.died]);
        stage('finishing');
        await pause(MARGIN_MS);
      }
      stage('finishing');
      const { stoppedMs, record } = await running.stop();
      stage('done');
      return {
        format: TRACE_FORMAT,
        trial: plan.identity,
        clock: { startedAtEpochMs: clock.startedAtEpochMs },
        machine: machine(),
        settings: settings(plan.manifests),
        ...(rolloutMs === undefined ? {} : { rolloutMs }),
        loadStartMs: running.startedMs,
        loadStopMs: stoppedMs,
        cluster: deployed.record(),
        load: record,
      };
    } finally {
      clearInterval(ticker);
      ending.abort(signal.aborted ? signal.reason : new Error('the trial has ended'));
    }
  } finally {
    await deployed.remove();
  }
}

function machine(): Trace['machine'] {
  return {
    platform: process.platform,
    arch: process.arch,
    cores: availableParallelism(),
    node: process.versions.node,
  };
}

function settings(manifests: Manifests): Settings {
  const { spec } = manifests.deployment;
  const { type, replicas, maxSurge, maxUnavailable } = effectiveStrategy(spec);
  const sleep = spec.template.spec.containers[0]?.lifecycle?.preStop?.sleep?.seconds;
  return {
    replicas,
    strategy: type,
    maxSurge,
    maxUnavailable,
    gracePeriodMs: (spec.template.spec.terminationGracePeriodSeconds ?? 30) * 1000,
    ...(sleep === undefined ? {} : { preStopMs: sleep * 1000 }),
  };
}
