/** Questions about one pod's past that attribution asks; all times in ms of the trial's clock. */
import type { PodRecord } from '../trace/trace.ts';

/** A container's exit is seen this much later, at most, than its connections break. */
export const EXIT_SLACK_MS = 250;

/**
 * Whether new requests could surely be served by this pod at that time: Ready, terminating or not, and still listening.
 * Where its exit is only known to some seconds, the earliest counts.
 */
export function servesAt(pod: PodRecord, atMs: number): boolean {
  if (pod.readyMs === undefined || atMs < pod.readyMs) return false;
  const ends = [pod.notReadyMs, pod.stoppedListeningMs, earliestExitMs(pod), pod.sigkillMs];
  return ends.every((endMs) => endMs === undefined || atMs < endMs);
}

/** Whether it accepted connections at that time, ready or not, as far as is known. */
export function listensAt(pod: PodRecord, atMs: number): boolean {
  const fromMs = pod.listeningMs ?? pod.readyMs;
  const toMs = pod.stoppedListeningMs ?? earliestExitMs(pod);
  return fromMs !== undefined && atMs >= fromMs && (toMs === undefined || atMs < toMs);
}

function earliestExitMs({ exitMs, exitBoundMs = 0 }: PodRecord): number | undefined {
  return exitMs === undefined ? undefined : exitMs - exitBoundMs;
}

/** The pod had been told to go (deletionTimestamp set) by then. */
export function terminatingAt(pod: PodRecord, atMs: number): boolean {
  return pod.deletionMs !== undefined && atMs >= pod.deletionMs;
}

/**
 * It drained, so what it had accepted was to be finished: it said so itself. A server that keeps no log of its life is
 * judged by what was seen of it: after SIGTERM it stopped listening, or lost its readiness, and lived on.
 */
export function drained(pod: PodRecord): boolean {
  if (keepsLog(pod)) return pod.drainingMs !== undefined;
  const { sigtermMs, stoppedListeningMs, notReadyMs } = pod;
  const endMs = Math.min(pod.sigkillMs ?? Number.POSITIVE_INFINITY, earliestExitMs(pod) ?? Number.POSITIVE_INFINITY);
  return [stoppedListeningMs, notReadyMs].some(
    (ms) => ms !== undefined && sigtermMs !== undefined && ms >= sigtermMs && ms < endMs - EXIT_SLACK_MS,
  );
}

/**
 * It drained, by its own word or, where its log was lost (a kubelet may lose the last words of a pod), by that of a pod that
 * ran the same: the old ones differ in nothing, and neither do the new ones.
 */
export function drainedAsOthers(pod: PodRecord, pods: readonly PodRecord[]): boolean {
  if (drained(pod)) return true;
  return (
    keepsLog(pod) &&
    pod.sigtermMs === undefined &&
    pods.some((other) => other.generation === pod.generation && keepsLog(other) && drained(other))
  );
}

/**
 * Of a server that was not seen to drain, and would not have been: it may have, unless it kept a log of its life, died of
 * SIGTERM, or ended as soon as SIGTERM came.
 */
export function mayHaveDrained(pod: PodRecord): boolean {
  if (keepsLog(pod) || pod.exitSignal === 'SIGTERM') return false;
  const { sigtermMs, exitMs, exitBoundMs = 0 } = pod;
  return sigtermMs === undefined || exitMs === undefined || exitMs - exitBoundMs - sigtermMs > EXIT_SLACK_MS;
}

/** Its log told of its life, as that of this project's app does, and so would tell of a drain too. */
function keepsLog(pod: PodRecord): boolean {
  return pod.listeningMs !== undefined || pod.drainingMs !== undefined;
}

/**
 * Its end was forced: by SIGKILL, by another signal, or by its own deadline (a non-zero exit code; of servers that keep
 * no log of their life many exit with 0 then too).
 */
export function endedByForce(pod: PodRecord): boolean {
  if (!keepsLog(pod)) return true;
  return pod.sigkillMs !== undefined || pod.exitSignal !== undefined || (pod.exitCode ?? 0) !== 0;
}

/** It ended at `atMs`, as far as is known. */
export function endedAround(pod: PodRecord, atMs: number): boolean {
  return mayHaveLivedAt(pod, atMs) && mayHaveEndedBy(pod, atMs);
}

/** It ended between the two times, as far as is known surely after the first. */
export function endedBetween(pod: PodRecord, fromMs: number, toMs: number): boolean {
  const endMs = endOf(pod);
  return fromMs < endMs - (pod.exitBoundMs ?? 0) && endMs < toMs;
}

/** It may have lived until `atMs`, as far as is known. */
export function mayHaveLivedAt(pod: PodRecord, atMs: number): boolean {
  return atMs - endOf(pod) <= EXIT_SLACK_MS + (pod.exitBoundMs ?? 0);
}

/** It may have ended by `atMs`, as far as is known. */
export function mayHaveEndedBy(pod: PodRecord, atMs: number): boolean {
  return endOf(pod) - atMs <= EXIT_SLACK_MS + (pod.exitBoundMs ?? 0);
}

function endOf({ sigkillMs, exitMs }: PodRecord): number {
  return Math.min(sigkillMs ?? Number.POSITIVE_INFINITY, exitMs ?? Number.POSITIVE_INFINITY);
}
