/** Makes up traces for tests: pods with their timelines, failed requests, and the trial around them. */
import { type History, historyOf } from '../../src/analysis/history.ts';
import type { PodTimeline } from '../../src/analysis/pod-timeline.ts';
import type { ClusterRecord, PodRecord, RouterView } from '../../src/trace/cluster-record.ts';
import type { Disruption } from '../../src/trace/disruption.ts';
import type { Attempt, FailedRequest, LoadRecord, Phase } from '../../src/trace/load-record.ts';
import { TRACE_FORMAT, type Trace } from '../../src/trace/trace.ts';

/** When something happened to a pod, in ms; see PodTimeline. Without any, the pod is ready all along. */
export type Timeline = Partial<Omit<PodTimeline, 'name' | 'uid' | 'downtimes'>> & { preStopEndMs?: number };

/** The record of a pod with one container and this timeline. */
export function pod(name: string, timeline: Timeline = {}): PodRecord {
  const facts: Timeline = { createdMs: -5000, startedMs: -4500, readyMs: -4000, ...timeline };
  const { generation = name.startsWith('new') ? 'new' : 'old', node = 'node1' } = facts;
  const ended = { endedMs: facts.exitMs, endedBoundMs: facts.exitBoundMs, exitCode: facts.exitCode };
  const { listeningMs, drainingMs, stoppedListeningMs, exitSignal, deletionMs, preStopEndMs } = facts;
  const run = {
    restarts: 0,
    startedMs: facts.startedMs,
    listeningMs,
    drainingMs,
    stoppedListeningMs,
    exitSignal,
    ...ended,
  };
  const slept = { kind: 'sleep', what: '', startedMs: deletionMs, endedMs: preStopEndMs, outcome: 'succeeded' };
  const hook = facts.hook ?? (preStopEndMs === undefined ? undefined : slept);
  const container = {
    name: 'app',
    serves: true,
    runs: [run],
    hook,
    stopSignalMs: facts.sigtermMs,
    sigkillMs: facts.sigkillMs,
  };
  const { createdMs, readyMs, notReadyMs } = facts;
  const record = {
    uid: name,
    name,
    generation,
    node,
    createdMs,
    readyMs,
    deletionMs,
    notReadyMs,
    containers: [container],
  };
  return JSON.parse(JSON.stringify(record)) as PodRecord;
}

/** A pod whose container was killed at `killedMs` and was ready again at `readyMs`; absent: it did not come back. */
export function killedPod(name: string, killedMs: number, readyMs?: number): PodRecord {
  const record = pod(name, { exitMs: killedMs, exitSignal: 'SIGKILL' });
  const [container] = record.containers;
  if (readyMs !== undefined) container?.runs.push({ restarts: 1, startedMs: killedMs + 500, readyMs });
  return record;
}

/** Pods deleted at 1000 that end in different ways. */
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
type Failure = `${FailedRequest['client']['connection']} ${Phase} ${string}`;

/** More about a request: what its client saw, and where it was sent. */
export interface Facts extends Partial<Omit<FailedRequest['client'], 'connection'>> {
  pod?: string;
  router?: string;
  scenario?: string;
}

/** A failed request with its start and end, and one attempt if anyone saw it. */
export function failed(failure: Failure, startedMs: number, endedMs: number, facts: Facts = {}): FailedRequest {
  const [connection, phase, error] = failure.split(' ') as [FailedRequest['client']['connection'], Phase, string];
  const { pod: name, router, scenario = 'fresh', detail, ...more } = facts;
  const outcome = { phase, error, bytesReceived: phase === 'receive' ? 20 : 0, ...more };
  const attempt: Attempt = {
    ...(router === undefined ? {} : { via: router }),
    ...(name === undefined ? {} : { pod: { uid: name, name } }),
    connection: { state: connection },
    startedMs,
    endedMs,
    ...outcome,
  };
  const client = { ...outcome, connection, ...(detail === undefined ? {} : { detail }) };
  return { id: 'r-1', scenario, startedMs, endedMs, client, attempts: [attempt] };
}

/** The parts of a trace that attribution reads, for these pods. */
export function history(cluster: Partial<ClusterRecord>, load: Partial<LoadRecord> = {}): History {
  return historyOf({
    cluster: { pods: [], routerViews: [], events: [], pid1: true, ...cluster },
    load: { ...trace().load, successes: [], ...load },
  });
}

/** 'node1 0: a b': from 0 ms on, the router of node1 sends connections to a and b. */
export function view(text: string): RouterView {
  const [router = '', at = '', ...pods] = text.split(/[: ]+/).filter(Boolean);
  return { router, atMs: Number(at), pods };
}

export interface Story {
  pods?: PodRecord[];
  routerViews?: RouterView[];
  /** When the disruption began; absent in a control. */
  rolloutMs?: number | undefined;
  /** What was done, if not a rollout. */
  disruption?: Partial<Disruption>;
  loadStopMs?: number;
  /** Of a control with pauses. */
  pauses?: Trace['pauses'];
  load?: Partial<LoadRecord>;
}

/** Scenario, pod, 100 ms bucket and count of successful requests. */
export function succeeded(bucket: number, count: number, pod = 'old-1', scenario = 'fresh') {
  return { scenario, pod, bucket, count };
}

/** One old pod that drained and one new pod; rollout at 1000, load until 12,000. */
export function trace(story: Story = {}): Trace {
  const {
    pods = [pod('old-1', DELETED.drained), pod('new-1')],
    routerViews = [],
    loadStopMs = 12_000,
    pauses,
    load,
  } = story;
  const rolloutMs = 'rolloutMs' in story ? story.rolloutMs : 1000;
  return {
    format: TRACE_FORMAT,
    trial: {
      runtime: 'node',
      runtimeVersion: '26.0.0',
      variant: 'valid',
      repeat: 2,
      cluster: 'local',
      load: 'builtin',
      seed: 1,
      run: 'run',
    },
    clock: { startedAtEpochMs: 0 },
    machine: { platform: 'linux', arch: 'x64', cores: 2, node: '26.0.0' },
    settings: {
      workload: 'Deployment',
      replicas: 1,
      strategy: 'RollingUpdate',
      maxSurge: 1,
      maxUnavailable: 0,
      gracePeriodMs: 15_000,
      readinessProbe: true,
    },
    ...(rolloutMs === undefined ? {} : { disruption: { kind: 'rollout', atMs: rolloutMs, ...story.disruption } }),
    ...(pauses && { pauses }),
    loadStartMs: 0,
    loadStopMs,
    cluster: { pods, routerViews, events: [], pid1: true },
    load: {
      generator: 'test',
      plannedRequests: 100,
      droppedRequests: 0,
      failures: [],
      successes: [succeeded(0, 100)],
      hiddenRetries: { client: 0 },
      latency: {},
      ...load,
    },
  };
}
