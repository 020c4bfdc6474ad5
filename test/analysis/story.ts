/** Traces told as stories: pods with their timelines, requests that failed, and the trial around them. */
import type { FailedRequest, LoadRecord, Phase, PodRecord, RouterView, Trace } from '../../src/trace/trace.ts';

/** When something happened to a pod, in ms; see PodRecord. A pod of which nothing is said has been ready all along. */
export type Timeline = Partial<Omit<PodRecord, 'name'>>;

export function pod(name: string, timeline: Timeline = {}): PodRecord {
  const generation = name.startsWith('new') ? 'new' : 'old';
  return { name, generation, node: 'node1', createdMs: -5000, startedMs: -4500, readyMs: -4000, ...timeline };
}

/** Deleted at 1000, each with the end it came to. */
export const DELETED = {
  /** No handler, but not PID 1. */
  diedOfSigterm: { deletionMs: 1000, sigtermMs: 1000, exitMs: 1010, exitSignal: 'SIGTERM' },
  /** No handler, and PID 1. */
  ignoredSigterm: { deletionMs: 1000, sigtermMs: 1000, sigkillMs: 6000, exitMs: 6005, exitSignal: 'SIGKILL' },
  exitedAtOnce: { deletionMs: 1000, sigtermMs: 1000, exitMs: 1020, exitCode: 0 },
  drained: {
    deletionMs: 1000,
    preStopEndMs: 6000,
    sigtermMs: 6000,
    drainingMs: 6001,
    notReadyMs: 7000,
    stoppedListeningMs: 8000,
    exitMs: 9000,
    exitCode: 0,
  },
  drainedWithoutDelay: {
    deletionMs: 1000,
    sigtermMs: 1000,
    drainingMs: 1001,
    stoppedListeningMs: 1002,
    exitMs: 2000,
    exitCode: 0,
  },
  killedWhileDraining: {
    deletionMs: 1000,
    sigtermMs: 1000,
    drainingMs: 1001,
    stoppedListeningMs: 1500,
    sigkillMs: 6000,
    exitMs: 6005,
    exitSignal: 'SIGKILL',
  },
  gaveUpDraining: {
    deletionMs: 1000,
    sigtermMs: 1000,
    drainingMs: 1001,
    stoppedListeningMs: 1500,
    exitMs: 5500,
    exitCode: 1,
  },
} as const satisfies Record<string, Timeline>;

/** Connection, phase and error: 'fresh connect ECONNREFUSED'. */
type Failure = `${FailedRequest['connection']} ${Phase} ${string}`;

/** A request that failed, from when to when; further facts as in FailedRequest. */
export function failed(
  failure: Failure,
  startedMs: number,
  endedMs: number,
  facts: Partial<FailedRequest> = {},
): FailedRequest {
  const [connection, phase, error] = failure.split(' ') as [FailedRequest['connection'], Phase, string];
  const bytesReceived = phase === 'receive' ? 20 : 0;
  return { id: 'r-1', scenario: 'fresh', startedMs, endedMs, connection, phase, error, bytesReceived, ...facts };
}

/** 'node1 0: a b' is what a router sent connections to from when on. */
export function view(text: string): RouterView {
  const [router = '', at = '', ...pods] = text.split(/[: ]+/).filter(Boolean);
  return { router, atMs: Number(at), pods };
}

export interface Story {
  pods?: PodRecord[];
  routerViews?: RouterView[];
  /** Absent in a control. */
  rolloutMs?: number | undefined;
  loadStopMs?: number;
  load?: Partial<LoadRecord>;
}

/** Scenario, pod, 100 ms bucket and count of successful requests. */
export function succeeded(bucket: number, count: number, pod = 'old-1', scenario = 'fresh') {
  return { scenario, pod, bucket, count };
}

/** One old pod that drained and one new one; a rollout at 1000, load until 12,000. */
export function trace(story: Story = {}): Trace {
  const { pods = [pod('old-1', DELETED.drained), pod('new-1')], routerViews = [], loadStopMs = 12_000, load } = story;
  const rolloutMs = 'rolloutMs' in story ? story.rolloutMs : 1000;
  return {
    format: 'k8s-rollout-test/trace/1',
    trial: {
      runtime: 'node',
      runtimeVersion: '26.0.0',
      variant: 'valid',
      repeat: 2,
      cluster: 'local',
      load: 'builtin',
      seed: 1,
    },
    clock: { startedAtEpochMs: 0 },
    machine: { platform: 'linux', arch: 'x64', cores: 2, node: '26.0.0' },
    settings: { replicas: 1, strategy: 'RollingUpdate', maxSurge: 1, maxUnavailable: 0, gracePeriodMs: 15_000 },
    ...(rolloutMs === undefined ? {} : { rolloutMs }),
    loadStartMs: 0,
    loadStopMs,
    cluster: { pods, routerViews, events: [], pid1: true },
    load: {
      generator: 'test',
      plannedRequests: 100,
      droppedRequests: 0,
      failures: [],
      successes: [succeeded(0, 100)],
      hiddenRetries: 0,
      latency: {},
      ...load,
    },
  };
}
