/** What a Pod object, each time it changes, adds to the pod's record. Pure. */
import { constants } from 'node:os';
import type { V1ContainerStateTerminated, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { ContainerRecord, ContainerRun, PodRecord } from '../../trace/cluster-record.ts';

/** The API's times have whole seconds. */
const RESOLUTION_MS = 1000;
/** Exit codes above this are 128 + the signal's number. */
const SIGNALLED = 128;

/**
 * The facts of a pod that was just seen for the first time.
 * @param servedBy the name of the container that the Service sends to
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
    containers: (pod.spec?.containers ?? []).map((container) => ({
      name: container.name,
      serves: container.name === servedBy,
      runs: [],
    })),
  };
}

/**
 * Notes what has changed.
 * @param nowMs when we were told, on the trial's clock
 * @param fromNodeMs a time of the pod's node (epoch ms) on the trial's clock
 */
export function notePod(record: PodRecord, pod: V1Pod, nowMs: number, fromNodeMs: (epochMs: number) => number): void {
  record.node ||= pod.spec?.nodeName ?? '';
  if (pod.metadata?.deletionTimestamp) record.deletionMs ??= nowMs;
  if (isReady(pod)) record.readyMs ??= nowMs;
  else if (record.readyMs !== undefined && record.deletionMs !== undefined) record.notReadyMs ??= nowMs;
  for (const status of pod.status?.containerStatuses ?? []) {
    const container = record.containers.find(({ name }) => name === status.name);
    if (container) noteContainer(container, status, { nowMs, deletionMs: record.deletionMs, fromNodeMs });
  }
}

/**
 * The pod has vanished, and nobody said how the containers ended that were still running. One that is deleted by force, or
 * while no watch saw it, had been deleted by then.
 */
export function notePodGone(record: PodRecord, nowMs: number): void {
  record.deletionMs ??= nowMs;
  notePodEnded(record, nowMs);
}

/** All its containers have ended, though the pod may stay as an object. */
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

/** The container that the Service sends to. */
export function servingContainer({ containers }: PodRecord): ContainerRecord | undefined {
  return containers.find(({ serves }) => serves) ?? containers[0];
}

/** Whether its serving container has, at least once. */
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
    // It waits for its next run, and the last one is over.
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

/** The container ended between its `finishedAt`, which has whole seconds, and a second later, and before we heard of it. */
function noteEnd(
  run: ContainerRun | undefined,
  terminated: V1ContainerStateTerminated | undefined,
  { nowMs, deletionMs, fromNodeMs }: Seen,
): void {
  if (!run || !terminated || run.exitCode !== undefined) return;
  run.exitCode = terminated.exitCode;
  const signal = signalName(terminated.exitCode - SIGNALLED);
  if (signal) run.exitSignal = signal;
  // Typed as a Date, but objects that come by a watch hold the API's text.
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
