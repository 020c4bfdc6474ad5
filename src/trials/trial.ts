/** One trial: deploy, load, roll, wait, take away; what comes out is the trace. */
import { availableParallelism } from 'node:os';
import type { Cluster, Deployed } from '../clusters/cluster.ts';
import { withGatewayAttempts } from '../gateways/attempts.ts';
import type { ChosenGateway } from '../gateways/way.ts';
import { lastingContainers } from '../kubernetes-rules/init-containers.ts';
import { podPorts } from '../kubernetes-rules/ports.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import type { LoadGenerator, LoadProgress } from '../load/load.ts';
import { type RequestMix, requestScenarios } from '../load/request-mix.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { deriveSeed } from '../random.ts';
import { delay } from '../timers.ts';
import { startClock } from '../trace/clock.ts';
import type { ClusterEvent, PodRecord } from '../trace/cluster-record.ts';
import { type Disruption, type PlannedDisruption, recordedPlan } from '../trace/disruption.ts';
import { withPodUids } from '../trace/pod-names.ts';
import { type Pauses, type Settings, TRACE_FORMAT, type Trace, type TrialIdentity } from '../trace/trace.ts';
import { firstAnswers } from './first-answer.ts';
import { idleLimit } from './idle-limit.ts';
import { longestTrialMs } from './longest-trial.ts';
import { type PausedLoad, pausedLoad } from './pauses.ts';

/** Pods that are ready and do not answer by then are not going to. */
const FIRST_ANSWER_LIMIT_MS = 60_000;
/** Load before the rollout, so that connections are open and code is warm. Sessions are opened in that time too. */
export const SETTLE_MS = 2000;
/** Load after the last old pod is gone: what the rollout broke shows by then. */
export const MARGIN_MS = 2000;
/** How long sessions may take beyond that to open: the load opens 500 per second, and tries again after 8 s at most. */
const SESSIONS_OPEN_LIMIT_MS = 10_000;
const SESSIONS_POLL_MS = 100;
/** How long idle connections to the pods are watched at most. */
export const IDLE_WATCH_MS = 30_000;
/** A control has no rollout to wait for. */
export const CONTROL_MS = 12_000;

const ROLLOUT: PlannedDisruption = { kind: 'rollout' };

export interface TrialPlan {
  identity: TrialIdentity;
  manifests: Manifests;
  requestMix: RequestMix;
  /** A control: everything but the disruption. */
  control: boolean;
  /** Whether it is a control whose requests come in bursts, just when the pods close idle connections. */
  pauses?: boolean;
  /** What is done to the pods; by default, a rollout. */
  disruption?: PlannedDisruption;
  /** What the load goes through; absent if it goes to the Service directly. The identity names it too. */
  gateway?: ChosenGateway;
  /** Why an earlier measurement of it was discarded. */
  discarded?: string[];
}

export type TrialStage = 'deploying' | 'watching' | 'settling' | 'rolling' | 'control' | 'finishing' | 'done';

export interface TrialObserver {
  onStage?(stage: TrialStage): void;
  /** Several times a second: the load so far, and the pods as they are. */
  onProgress?(progress: LoadProgress, pods: readonly PodRecord[]): void;
  /** The cluster's events, from the deployment on. */
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
  const planned = plan.disruption ?? ROLLOUT;
  // The load ends with the trial even when the cluster fails, and the cluster's waits end when the load dies.
  const ending = new AbortController();
  const anyEnd = AbortSignal.any([signal, ending.signal]);
  const stage = (name: TrialStage) => observer.onStage?.(name);
  stage('deploying');
  const deployed = await cluster.deploy({
    manifests: plan.manifests,
    clock,
    signal: anyEnd,
    ...(plan.control ? {} : { disruption: planned }),
    onEvent: (event) => observer.onEvent?.(event),
  });
  try {
    await firstAnswers({
      target: deployed.target,
      requestMix: plan.requestMix,
      signal: anyEnd,
      limitMs: FIRST_ANSWER_LIMIT_MS,
      onWait: (message) => observer.onEvent?.({ atMs: clock.nowMs(), type: 'Waiting', message }),
    });
    if (plan.pauses) stage('watching');
    const paused = plan.pauses ? await preparePauses(plan, deployed, anyEnd) : undefined;
    const { requestMix = plan.requestMix, durationMs = CONTROL_MS } = paused?.load ?? {};
    const running = await load.start({
      requestMix,
      target: deployed.target,
      clock,
      seed: deriveSeed(plan.identity.seed, 'load'),
      maxDurationMs: longestTrialMs(plan.manifests.workload, deployed.replicas),
      signal: anyEnd,
    });
    const ticker = setInterval(() => observer.onProgress?.(running.progress(), deployed.record().pods), 250);
    try {
      const pause = async (ms: number) => {
        const paused = delay(ms, undefined, { signal: anyEnd });
        await Promise.race([paused, running.died]).catch((error: unknown) => {
          throw anyEnd.aborted ? anyEnd.reason : error;
        });
      };
      const sessionsOpen = async () => {
        for (let waitedMs = 0; waitedMs < SESSIONS_OPEN_LIMIT_MS; waitedMs += SESSIONS_POLL_MS) {
          const { sessions = 0, openSessions = 0 } = running.progress();
          if (openSessions >= sessions) return;
          await pause(SESSIONS_POLL_MS);
        }
      };
      let disruption: Disruption | undefined;
      if (plan.control) {
        stage('control');
        await pause(durationMs);
      } else {
        stage('settling');
        await pause(SETTLE_MS);
        await sessionsOpen();
        stage('rolling');
        const atMs = clock.nowMs();
        const outcome = await Promise.race([deployed.disrupt(), running.died]);
        disruption = { ...recordedPlan(planned), atMs, completeMs: clock.nowMs(), ...outcome };
        stage('finishing');
        await pause(MARGIN_MS);
        await sessionsOpen();
      }
      const { stoppedMs, record } = await running.stop();
      stage('done');
      if (record.failures.length > 0) await deployed.examineWrapper?.();
      const clusterRecord = deployed.record();
      const seen = withPodUids(record, clusterRecord.pods);
      const traffic = clusterRecord.gateway && (await deployed.gatewayTraffic?.());
      return {
        format: TRACE_FORMAT,
        trial: plan.identity,
        clock: { startedAtEpochMs: clock.startedAtEpochMs },
        machine: machine(),
        settings: settings(plan.manifests, deployed.replicas),
        ...(plan.discarded && { discarded: plan.discarded }),
        ...(disruption === undefined ? {} : { disruption }),
        ...(paused && { pauses: paused.record }),
        loadStartMs: running.startedMs,
        loadStopMs: stoppedMs,
        cluster: clusterRecord,
        load: traffic ? withGatewayAttempts(seen, traffic) : seen,
      };
    } finally {
      clearInterval(ticker);
      ending.abort(signal.aborted ? signal.reason : new Error('the trial has ended'));
    }
  } finally {
    await deployed.remove();
  }
}

/** Measures how long the pods keep idle connections, and plans the load for that. */
async function preparePauses(
  { requestMix }: TrialPlan,
  { pods = [] }: Deployed,
  signal: AbortSignal,
): Promise<{ record: Pauses; load: PausedLoad | undefined }> {
  const [request] = requestScenarios(requestMix);
  const [pod] = pods;
  if (!request || !pod) throw new Error('a control with pauses needs requests, and pods that it reaches');
  const limitMs = await idleLimit({ pod, request, capMs: IDLE_WATCH_MS, signal });
  const load = pausedLoad(requestMix, limitMs);
  const record = {
    ...(limitMs !== undefined && { idleLimitMs: limitMs }),
    watchedMs: IDLE_WATCH_MS,
    ...(load && { bursts: load.bursts }),
  };
  return { record, load };
}

function machine(): Trace['machine'] {
  return {
    platform: process.platform,
    arch: process.arch,
    cores: availableParallelism(),
    node: process.versions.node,
  };
}

/** @param pods how many pods the workload had before the disruption */
function settings(manifests: Manifests, pods: number): Settings {
  const { workload, service, assumed } = manifests;
  const { type, replicas, maxSurge, maxUnavailable } = effectiveStrategy(workload, pods);
  const pod = workload.spec.template.spec;
  const { servedBy } = podPorts(pod, service);
  const serving = lastingContainers(pod).find(({ name }) => name === servedBy);
  const sleep = serving?.lifecycle?.preStop?.sleep?.seconds;
  return {
    workload: workload.kind,
    replicas,
    strategy: type,
    maxSurge,
    maxUnavailable,
    gracePeriodMs: pod.terminationGracePeriodSeconds * 1000,
    ...(sleep === undefined ? {} : { preStopMs: sleep * 1000 }),
    readinessProbe: serving?.readinessProbe !== undefined,
    ...(assumed.length > 0 && { assumed: [...assumed] }),
  };
}
