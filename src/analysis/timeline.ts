/** Questions that attribution asks about one pod's timeline. All times are in ms on the trial's clock. */
import type { PodTimeline } from './pod-timeline.ts';

/** A container's exit is observed at most this much later than its connections break. */
export const EXIT_SLACK_MS = 250;

/**
 * Whether the pod could certainly serve new requests at that time: Ready (terminating or not) and still listening. If
 * its exit is known only to a few seconds, the earliest possible time counts.
 */
export function servesAt(pod: PodTimeline, atMs: number): boolean {
  if (atMs < servesFrom(pod) || atMs >= servesUntil(pod)) return false;
  return !pod.downtimes.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
}

/** Infinity for a pod that was never ready. */
export function servesFrom({ readyMs = Number.POSITIVE_INFINITY }: PodTimeline): number {
  return readyMs;
}

/** The earliest event that ends its service; Infinity if none was observed. */
export function servesUntil(pod: PodTimeline): number {
  const never = Number.POSITIVE_INFINITY;
  return Math.min(
    pod.notReadyMs ?? never,
    pod.stoppedListeningMs ?? never,
    earliestExitMs(pod) ?? never,
    pod.sigkillMs ?? never,
  );
}

/** Whether it accepted connections at that time, ready or not, as far as is known. */
export function listensAt(pod: PodTimeline, atMs: number): boolean {
  const fromMs = pod.listeningMs ?? pod.readyMs;
  const toMs = pod.stoppedListeningMs ?? earliestExitMs(pod);
  return fromMs !== undefined && atMs >= fromMs && (toMs === undefined || atMs < toMs);
}

export function earliestExitMs({ exitMs, exitBoundMs = 0 }: PodTimeline): number | undefined {
  return exitMs === undefined ? undefined : exitMs - exitBoundMs;
}

/** Whether the pod's deletion had been requested by then (deletionTimestamp was set). */
export function terminatingAt(pod: PodTimeline, atMs: number): boolean {
  return pod.deletionMs !== undefined && atMs >= pod.deletionMs;
}

/** Whether SIGKILL ended it. */
export function killed({ sigkillMs, exitSignal }: PodTimeline): boolean {
  return sigkillMs !== undefined || exitSignal === 'SIGKILL';
}

/**
 * Whether it drained, that is, stopped taking new work to finish what it had accepted. Its lifecycle log says so. A
 * server without such a log is judged from outside: after SIGTERM it stopped listening or lost its readiness, and kept
 * running.
 */
export function drained(pod: PodTimeline): boolean {
  if (writesLifecycleLog(pod)) return pod.drainingMs !== undefined;
  const { sigtermMs, stoppedListeningMs, notReadyMs } = pod;
  const endMs = Math.min(pod.sigkillMs ?? Number.POSITIVE_INFINITY, earliestExitMs(pod) ?? Number.POSITIVE_INFINITY);
  return [stoppedListeningMs, notReadyMs].some(
    (ms) => ms !== undefined && sigtermMs !== undefined && ms >= sigtermMs && ms < endMs - EXIT_SLACK_MS,
  );
}

/**
 * A server that answers requests sent this long after SIGTERM, and still takes requests this shortly before SIGKILL,
 * serves to the end.
 */
const SERVED_TO_THE_END_MS = 1000;

/**
 * When the last request that a pod answered was started, and the last one that it answered or had on a used connection.
 */
export interface LastRequests {
  answeredMs: number;
  takenMs: number;
}

/**
 * SIGKILL ended a server that kept serving new requests on its open connections, and would have gone on. A server with
 * a lifecycle log is judged by its log instead.
 */
export function servedUntilKilled(pod: PodTimeline, last: LastRequests | undefined): boolean {
  const { sigtermMs, sigkillMs } = pod;
  if (writesLifecycleLog(pod) || sigtermMs === undefined || sigkillMs === undefined || last === undefined) return false;
  return last.answeredMs > sigtermMs + SERVED_TO_THE_END_MS && last.takenMs > sigkillMs - SERVED_TO_THE_END_MS;
}

/**
 * Whether it drained, by its own log or, if the end of that log was lost (a kubelet may lose a pod's last lines), by
 * the log of another pod of the same generation: all old pods run the same, and so do all new ones.
 */
export function drainedLikeOthers(pod: PodTimeline, pods: readonly PodTimeline[]): boolean {
  if (drained(pod)) return true;
  return (
    writesLifecycleLog(pod) &&
    pod.sigtermMs === undefined &&
    pods.some((other) => other.generation === pod.generation && writesLifecycleLog(other) && drained(other))
  );
}

/** Whether it writes a lifecycle log, as this project's app does. Such a log would also have reported a drain. */
export function writesLifecycleLog(pod: PodTimeline): boolean {
  return pod.listeningMs !== undefined || pod.drainingMs !== undefined;
}

/** Whether its lifecycle log and its exit code say that it drained to the end: it answered each request that it read. */
export function answeredAllItRead({ drainingMs, exitCode, sigkillMs }: PodTimeline): boolean {
  return drainingMs !== undefined && exitCode === 0 && sigkillMs === undefined;
}

/**
 * Whether its end was forced because the grace period was too short: by SIGKILL, or because a server with a lifecycle
 * log gave up while draining (non-zero exit code). If a server without such a log exits before SIGKILL, that says
 * nothing about the grace period.
 */
export function endedByForce(pod: PodTimeline): boolean {
  if (killed(pod)) return true;
  return writesLifecycleLog(pod) && (pod.exitSignal !== undefined || (pod.exitCode ?? 0) !== 0);
}

/** Whether it ended around `atMs`, as far as is known. */
export function endedAround(pod: PodTimeline, atMs: number): boolean {
  return mayHaveRunAt(pod, atMs) && mayHaveEndedBy(pod, atMs);
}

/** Whether it ended between the two times: certainly after the first, and before the second as far as is known. */
export function endedBetween(pod: PodTimeline, fromMs: number, toMs: number): boolean {
  const endMs = endOf(pod);
  return fromMs < endMs - (pod.exitBoundMs ?? 0) && endMs < toMs;
}

/** Whether it may still have been running at `atMs`. */
export function mayHaveRunAt(pod: PodTimeline, atMs: number): boolean {
  return atMs - endOf(pod) <= EXIT_SLACK_MS + (pod.exitBoundMs ?? 0);
}

/** Whether it may have ended by `atMs`. */
export function mayHaveEndedBy(pod: PodTimeline, atMs: number): boolean {
  return endOf(pod) - atMs <= EXIT_SLACK_MS + (pod.exitBoundMs ?? 0);
}

function endOf({ sigkillMs, exitMs }: PodTimeline): number {
  return Math.min(sigkillMs ?? Number.POSITIVE_INFINITY, exitMs ?? Number.POSITIVE_INFINITY);
}
