/** Updates a pod's record with each change of its Pod object. Pure. */
import { constants } from 'node:os';
import type { V1ContainerStateTerminated, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { lastingContainers } from '../../kubernetes-rules/init-containers.ts';
import type { ContainerRecord, ContainerRun, PodRecord } from '../../trace/cluster-record.ts';

/** Times in the API have whole seconds. */
const RESOLUTION_MS = 1000;
/** Exit codes above this are 128 + the number of the signal. */
const SIGNALLED = 128;

/**
 * The record of a pod that has just been seen for the first time.
 * @param servedBy the name of the container that the Service sends traffic to
 */
export function newPodRecord(
  pod: V1Pod,
  generation: PodRecord['generation'],
  nowMs: number,
  servedBy: string,
): PodRecord {
  const { name = '', uid = name } = pod.metadata ?? {};
  return {
    uid,
    name,
    generation,
    node: pod.spec?.nodeName ?? '',
    createdMs: nowMs,
    containers: (pod.spec ? lastingContainers(pod.spec) : []).map(({ name: container, restartPolicy }) => ({
      name: container,
      serves: container === servedBy,
      ...(restartPolicy === 'Always' ? { role: 'sidecar' as const } : {}),
      runs: [],
    })),
  };
}

/**
 * Records what has changed.
 * @param nowMs when the change was reported, on the trial's clock
 * @param fromNodeMs converts a time of the pod's node (epoch ms) to the trial's clock
 */
export function notePod(record: PodRecord, pod: V1Pod, nowMs: number, fromNodeMs: (epochMs: number) => number): void {
  record.node ||= pod.spec?.nodeName ?? '';
  if (pod.metadata?.deletionTimestamp) record.deletionMs ??= nowMs;
  if (isReady(pod)) record.readyMs ??= nowMs;
  else if (record.readyMs !== undefined && record.deletionMs !== undefined) record.notReadyMs ??= nowMs;
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  for (const status of [...containerStatuses, ...initContainerStatuses]) {
    const container = record.containers.find(({ name }) => name === status.name);
    if (container) noteContainer(container, status, { nowMs, deletionMs: record.deletionMs, fromNodeMs });
  }
}

/**
 * Call when the pod no longer exists. How its running containers ended is unknown. If it was force-deleted, or deleted
 * while no watch saw it, its deletion gets this time too.
 */
export function notePodGone(record: PodRecord, nowMs: number): void {
  record.deletionMs ??= nowMs;
  notePodEnded(record, nowMs);
}

/** Call when all its containers have ended, even if the object remains. */
export function notePodEnded(record: PodRecord, nowMs: number): void {
  record.goneMs ??= nowMs;
  for (const { runs } of record.containers) {
    const last = runs.at(-1);
    if (last) last.endedMs ??= nowMs;
  }
}

/** The Ready condition. */
export function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** The container that the Service sends traffic to. */
export function servingContainer({ containers }: PodRecord): ContainerRecord | undefined {
  return containers.find(({ serves }) => serves) ?? containers[0];
}

/** Whether its serving container has started at least once. */
export function hasStarted(record: PodRecord): boolean {
  return (servingContainer(record)?.runs.length ?? 0) > 0;
}

interface Seen {
  nowMs: number;
  deletionMs: number | undefined;
  fromNodeMs(epochMs: number): number;
}

function noteContainer(record: ContainerRecord, status: V1ContainerStatus, seen: Seen): void {
  const { state, lastState, restartCount: restarts = 0, ready } = status;
  if (!state?.running && !state?.terminated) {
    // It waits for its next run; the previous run is over.
    noteEnd(record.runs.at(-1), lastState?.terminated, seen);
    return;
  }
  let run = record.runs.at(-1);
  if (run?.restarts !== restarts) {
    noteEnd(run, lastState?.terminated, seen);
    run = { restarts, startedMs: seen.nowMs };
    record.runs.push(run);
  }
  if (ready) run.readyMs ??= seen.nowMs;
  noteEnd(run, state.terminated, seen);
}

/** A container ended between `finishedAt`, which has whole seconds, and a second later, and before it was reported. */
function noteEnd(
  run: ContainerRun | undefined,
  terminated: V1ContainerStateTerminated | undefined,
  { nowMs, deletionMs, fromNodeMs }: Seen,
): void {
  if (!run || !terminated || run.exitCode !== undefined) return;
  run.exitCode = terminated.exitCode;
  const signal = signalName(terminated.exitCode - SIGNALLED);
  if (signal) run.exitSignal = signal;
  // Typed as a Date, but in objects from a watch it is the API's text.
  const finishedMs = terminated.finishedAt ? fromNodeMs(new Date(terminated.finishedAt).getTime()) : nowMs;
  const crashed = deletionMs === undefined || finishedMs + RESOLUTION_MS < deletionMs;
  const earliestMs = crashed ? finishedMs : Math.max(finishedMs, deletionMs);
  const latestMs = Math.max(earliestMs, Math.min(finishedMs + RESOLUTION_MS, nowMs));
  run.endedMs = (earliestMs + latestMs) / 2;
  run.endedBoundMs = (latestMs - earliestMs) / 2;
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
