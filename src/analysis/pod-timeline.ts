/**
 * One pod's timeline for analysis: the times of the pod and of its serving container, merged. All times are in ms on
 * the trial's clock.
 */
import type { ContainerRecord, ContainerRun, HookRecord, PodRecord } from '../trace/cluster-record.ts';

export interface PodTimeline {
  uid: string;
  name: string;
  generation: PodRecord['generation'];
  node: string;
  createdMs: number;
  /** The first start of the container that serves. */
  startedMs?: number | undefined;
  listeningMs?: number | undefined;
  readyMs?: number | undefined;
  deletionMs?: number | undefined;
  hook?: HookRecord | undefined;
  /** The signal that asks it to stop: SIGTERM unless the image or the manifest says otherwise. */
  stopSignal: string;
  /**
   * When it was asked to stop: when the stop signal was sent, whichever signal that is, or when the preStop hook began
   * that ended it.
   */
  sigtermMs?: number | undefined;
  drainingMs?: number | undefined;
  notReadyMs?: number | undefined;
  stoppedListeningMs?: number | undefined;
  sigkillMs?: number | undefined;
  /** The end of the last run. */
  exitMs?: number | undefined;
  /** How far `exitMs` may be off, in ms. */
  exitBoundMs?: number | undefined;
  exitCode?: number | undefined;
  exitSignal?: string | undefined;
  /** Restarts of the container: from the end of one run until the next one served, as far as is known. */
  downtimes: { fromMs: number; toMs: number /** How far `fromMs` may be off. */; boundMs?: number | undefined }[];
}

/** Uses the container that the Service sends to, or the first container if none is known. */
export function podTimeline(pod: PodRecord): PodTimeline {
  const container = pod.containers.find(({ serves }) => serves) ?? pod.containers[0];
  const runs = container?.runs ?? [];
  const last = runs.at(-1);
  return {
    uid: pod.uid,
    name: pod.name,
    generation: pod.generation,
    node: pod.node,
    createdMs: pod.createdMs,
    readyMs: pod.readyMs,
    deletionMs: pod.deletionMs,
    notReadyMs: pod.notReadyMs,
    startedMs: runs[0]?.startedMs,
    downtimes: downtimes(runs),
    stopSignal: container?.stopSignal ?? 'SIGTERM',
    ...(last && endOfRun(last)),
    ...(container && termination(container)),
  };
}

function endOfRun(run: ContainerRun): Partial<PodTimeline> {
  return {
    listeningMs: run.listeningMs,
    drainingMs: run.drainingMs,
    stoppedListeningMs: run.stoppedListeningMs,
    exitMs: run.endedMs,
    exitBoundMs: run.endedBoundMs,
    exitCode: run.exitCode,
    exitSignal: run.exitSignal,
  };
}

function termination({ hook, stopSignalMs, sigkillMs }: ContainerRecord): Partial<PodTimeline> {
  const endedByHook = hook?.outcome === 'container-ended' ? hook.startedMs : undefined;
  return { hook, sigtermMs: stopSignalMs ?? endedByHook, sigkillMs };
}

function downtimes(runs: readonly ContainerRun[]): PodTimeline['downtimes'] {
  return runs.slice(1).flatMap((run, index) => {
    const { endedMs: fromMs, endedBoundMs: boundMs } = runs[index] ?? {};
    return fromMs === undefined ? [] : [{ fromMs, toMs: run.readyMs ?? run.listeningMs ?? run.startedMs, boundMs }];
  });
}
