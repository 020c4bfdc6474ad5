/**
 * One pod's past as questions are asked about it: the pod itself and the container that serves, in one line of time.
 * All times are in ms of the trial's clock.
 */
import type { ContainerRecord, ContainerRun, HookRecord, PodRecord } from '../trace/cluster-record.ts';

export interface PodLife {
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
  /** The signal that asks it to stop. */
  stopSignal: string;
  /** The stop signal was sent. */
  sigtermMs?: number | undefined;
  drainingMs?: number | undefined;
  notReadyMs?: number | undefined;
  stoppedListeningMs?: number | undefined;
  sigkillMs?: number | undefined;
  /** The end of the last run. */
  exitMs?: number | undefined;
  /** How far `exitMs` may be off. */
  exitBoundMs?: number | undefined;
  exitCode?: number | undefined;
  exitSignal?: string | undefined;
  /** The container ended and was started again: from the end of a run until the next one served, as far as is known. */
  downtimes: { fromMs: number; toMs: number }[];
}

/** The life of a pod by the container that the Service sends to; by its first one where no container is known to. */
export function podLife(pod: PodRecord): PodLife {
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
    ...(last && endOfLife(last)),
    ...(container && termination(container)),
  };
}

function endOfLife(run: ContainerRun): Partial<PodLife> {
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

function termination({ hook, stopSignalMs, sigkillMs }: ContainerRecord): Partial<PodLife> {
  return { hook, sigtermMs: stopSignalMs, sigkillMs };
}

function downtimes(runs: readonly ContainerRun[]): PodLife['downtimes'] {
  return runs.slice(1).flatMap((run, index) => {
    const fromMs = runs[index]?.endedMs;
    return fromMs === undefined ? [] : [{ fromMs, toMs: run.readyMs ?? run.listeningMs ?? run.startedMs }];
  });
}
