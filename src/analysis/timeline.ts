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

/** It drained: it said so itself, or it stopped listening in order well before its end. */
export function drained(pod: PodRecord): boolean {
  return pod.drainingMs !== undefined;
}

/** Its end was forced: by SIGKILL, by another signal, or by its own deadline (a non-zero exit code). */
export function endedByForce(pod: PodRecord): boolean {
  return pod.sigkillMs !== undefined || pod.exitSignal !== undefined || (pod.exitCode ?? 0) !== 0;
}

/** Its end broke what was under way at `atMs`. */
export function endedAround(pod: PodRecord, atMs: number): boolean {
  const endMs = Math.min(pod.sigkillMs ?? Number.POSITIVE_INFINITY, pod.exitMs ?? Number.POSITIVE_INFINITY);
  return Math.abs(atMs - endMs) <= EXIT_SLACK_MS + (pod.exitBoundMs ?? 0);
}
