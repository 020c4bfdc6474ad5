/** What a Pod object, each time it changes, adds to the pod's record. Pure. */
import { constants } from 'node:os';
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { LifecycleHandler } from '../../kubernetes-rules/objects.ts';
import type { PodRecord } from '../../trace/trace.ts';

/** The API's times have whole seconds. */
const RESOLUTION_MS = 1000;
/** Exit codes above this are 128 + the signal's number. */
const SIGNALLED = 128;

/** The facts of a pod that was just seen for the first time, under the name it has here. */
export function newPodRecord(name: string, pod: V1Pod, generation: PodRecord['generation'], nowMs: number): PodRecord {
  return { name, generation, node: pod.spec?.nodeName ?? '', createdMs: nowMs };
}

/**
 * When SIGTERM was due, of an app whose log nobody reads: at the deletion, or when the preStop sleep had passed. Unknown
 * after a hook that takes its own time.
 */
export function withDueSigterm(record: PodRecord, preStop: LifecycleHandler | undefined): PodRecord {
  if (record.deletionMs === undefined || (preStop && !preStop.sleep)) return record;
  return { ...record, sigtermMs: record.deletionMs + (preStop?.sleep?.seconds ?? 0) * 1000 };
}

/**
 * Notes what has changed.
 * @param nowMs when we were told, on the trial's clock
 * @param fromNodeMs a time of the pod's node (epoch ms) on the trial's clock
 */
export function notePod(record: PodRecord, pod: V1Pod, nowMs: number, fromNodeMs: (epochMs: number) => number): void {
  record.node ||= pod.spec?.nodeName ?? '';
  if (pod.metadata?.deletionTimestamp) record.deletionMs ??= nowMs;
  const status = pod.status?.containerStatuses?.[0];
  if (status?.state?.running) record.startedMs ??= nowMs;
  if (isReady(pod)) record.readyMs ??= nowMs;
  else if (record.readyMs !== undefined && record.deletionMs !== undefined) record.notReadyMs ??= nowMs;
  if (status?.state?.terminated && record.deletionMs !== undefined) noteExit(record, status, nowMs, fromNodeMs);
}

/** The Ready condition. */
export function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** The container ended between its `finishedAt`, which has whole seconds, and a second later, and before we heard of it. */
function noteExit(
  record: PodRecord,
  { state }: V1ContainerStatus,
  nowMs: number,
  fromNodeMs: (epochMs: number) => number,
): void {
  const terminated = state?.terminated;
  if (!terminated || record.exitCode !== undefined) return;
  record.exitCode = terminated.exitCode;
  const signal = signalName(terminated.exitCode - SIGNALLED);
  if (signal) record.exitSignal = signal;
  // Typed as a Date, but objects that come by a watch hold the API's text.
  const finishedMs = terminated.finishedAt ? fromNodeMs(new Date(terminated.finishedAt).getTime()) : nowMs;
  const earliestMs = Math.max(finishedMs, record.deletionMs ?? finishedMs);
  const latestMs = Math.max(earliestMs, Math.min(finishedMs + RESOLUTION_MS, nowMs));
  record.exitMs = (earliestMs + latestMs) / 2;
  record.exitBoundMs = (latestMs - earliestMs) / 2;
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
