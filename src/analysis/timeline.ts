/** Questions about one pod's past that attribution asks; all times in ms of the trial's clock. */
import type { PodLife } from './pod-life.ts';

/** A container's exit is seen this much later, at most, than its connections break. */
export const EXIT_SLACK_MS = 250;

/**
 * Whether new requests could surely be served by this pod at that time: Ready, terminating or not, and still listening.
 * Where its exit is only known to some seconds, the earliest counts.
 */
export function servesAt(pod: PodLife, atMs: number): boolean {
  if (atMs < servesFrom(pod) || atMs >= servesUntil(pod)) return false;
  return !pod.downtimes.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
}

/** Infinity for a pod that was never ready. */
export function servesFrom({ readyMs = Number.POSITIVE_INFINITY }: PodLife): number {
  return readyMs;
}

/** The first of its possible ends; Infinity for a pod that was seen to none. */
export function servesUntil(pod: PodLife): number {
  const never = Number.POSITIVE_INFINITY;
  return Math.min(
    pod.notReadyMs ?? never,
    pod.stoppedListeningMs ?? never,
    earliestExitMs(pod) ?? never,
    pod.sigkillMs ?? never,
  );
}

/** Whether it accepted connections at that time, ready or not, as far as is known. */
export function listensAt(pod: PodLife, atMs: number): boolean {
  const fromMs = pod.listeningMs ?? pod.readyMs;
  const toMs = pod.stoppedListeningMs ?? earliestExitMs(pod);
  return fromMs !== undefined && atMs >= fromMs && (toMs === undefined || atMs < toMs);
}

export function earliestExitMs({ exitMs, exitBoundMs = 0 }: PodLife): number | undefined {
  return exitMs === undefined ? undefined : exitMs - exitBoundMs;
}

/** The deletion of the pod had been asked for (deletionTimestamp set) by then. */
export function terminatingAt(pod: PodLife, atMs: number): boolean {
  return pod.deletionMs !== undefined && atMs >= pod.deletionMs;
}

/** It was ended by SIGKILL. */
export function killed({ sigkillMs, exitSignal }: PodLife): boolean {
  return sigkillMs !== undefined || exitSignal === 'SIGKILL';
}

/**
 * It drained, so what it had accepted was to be finished: it said so itself. A server that keeps no log of its life is
 * judged by what was seen of it: after SIGTERM it stopped listening, or lost its readiness, and lived on.
 */
export function drained(pod: PodLife): boolean {
  if (keepsLog(pod)) return pod.drainingMs !== undefined;
  const { sigtermMs, stoppedListeningMs, notReadyMs } = pod;
  const endMs = Math.min(pod.sigkillMs ?? Number.POSITIVE_INFINITY, earliestExitMs(pod) ?? Number.POSITIVE_INFINITY);
  return [stoppedListeningMs, notReadyMs].some(
    (ms) => ms !== undefined && sigtermMs !== undefined && ms >= sigtermMs && ms < endMs - EXIT_SLACK_MS,
  );
}

/** A server that answers what is sent so long after SIGTERM, and takes more so shortly before SIGKILL, serves to its end. */
const SERVED_TO_THE_END_MS = 1000;

/** When the last request that a pod answered was started, and the last one that it answered or had on an open connection. */
export interface LastRequests {
  answeredMs: number;
  takenMs: number;
}

/**
 * SIGKILL ended a server that served new requests until then, on connections that it keeps open: it would have gone on. One
 * that keeps a log of its drain is believed.
 */
export function servedUntilKilled(pod: PodLife, last: LastRequests | undefined): boolean {
  const { sigtermMs, sigkillMs } = pod;
  if (keepsLog(pod) || sigtermMs === undefined || sigkillMs === undefined || last === undefined) return false;
  return last.answeredMs > sigtermMs + SERVED_TO_THE_END_MS && last.takenMs > sigkillMs - SERVED_TO_THE_END_MS;
}

/**
 * It drained, by its own word or, where its log was lost (a kubelet may lose the last words of a pod), by that of a pod that
 * ran the same: the old ones differ in nothing, and neither do the new ones.
 */
export function drainedAsOthers(pod: PodLife, pods: readonly PodLife[]): boolean {
  if (drained(pod)) return true;
  return (
    keepsLog(pod) &&
    pod.sigtermMs === undefined &&
    pods.some((other) => other.generation === pod.generation && keepsLog(other) && drained(other))
  );
}

/** Its log reported its life, as that of this project's app does, and so would have reported a drain too. */
export function keepsLog(pod: PodLife): boolean {
  return pod.listeningMs !== undefined || pod.drainingMs !== undefined;
}

/**
 * Its end was forced because the grace period was too short: by SIGKILL, or it kept a log, was draining, and gave up (a
 * non-zero exit code). What a server without such a log does on its own before SIGKILL is no word about the grace period.
 */
export function endedByForce(pod: PodLife): boolean {
  if (killed(pod)) return true;
  return keepsLog(pod) && (pod.exitSignal !== undefined || (pod.exitCode ?? 0) !== 0);
}

/** It ended at `atMs`, as far as is known. */
export function endedAround(pod: PodLife, atMs: number): boolean {
  return mayHaveLivedAt(pod, atMs) && mayHaveEndedBy(pod, atMs);
}

/** It ended between the two times, as far as is known surely after the first. */
export function endedBetween(pod: PodLife, fromMs: number, toMs: number): boolean {
  const endMs = endOf(pod);
  return fromMs < endMs - (pod.exitBoundMs ?? 0) && endMs < toMs;
}

/** It may have lived until `atMs`, as far as is known. */
export function mayHaveLivedAt(pod: PodLife, atMs: number): boolean {
  return atMs - endOf(pod) <= EXIT_SLACK_MS + (pod.exitBoundMs ?? 0);
}

/** It may have ended by `atMs`, as far as is known. */
export function mayHaveEndedBy(pod: PodLife, atMs: number): boolean {
  return endOf(pod) - atMs <= EXIT_SLACK_MS + (pod.exitBoundMs ?? 0);
}

function endOf({ sigkillMs, exitMs }: PodLife): number {
  return Math.min(sigkillMs ?? Number.POSITIVE_INFINITY, exitMs ?? Number.POSITIVE_INFINITY);
}
