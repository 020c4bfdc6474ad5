/** How a request that had reached its server was broken by it: what can be seen from the times of both. Pure. */
import type { Attempt } from '../trace/load-record.ts';
import type { History } from './history.ts';
import type { PodLife } from './pod-life.ts';
import { endedAround, endedBetween, keepsLog, killed, mayHaveEndedBy, mayHaveLivedAt } from './timeline.ts';

/** A request that was sent this long before SIGTERM, or before the exit, had surely reached its pod by then. */
export const REACHED_MS = 50;
/** The same for one whose connection ended in order: with unread bytes in its socket a server's end of it would be a reset. */
const READ_MS = 5;

/**
 * A request that failed within the first time of being sent, the second before an exit that was seen as it happened, met the
 * closing of its connection by a server that still lived.
 */
const CLOSED_ALIVE_MS = { afterStart: 5, beforeExit: 15 };

/** Established and sent, and broken without an answer that would explain it. */
function broken({ phase, error }: Attempt): boolean {
  return phase !== 'connect' && error !== 'status';
}

/**
 * Under way when SIGTERM came, or within its response later, and broken while the pod lived on or as it ended: only its
 * server can have done that. What was sent within a moment of SIGTERM may have crossed with the closing of its connection.
 */
export function cutAfterSigterm(attempt: Attempt, pod: PodLife): boolean {
  const { sigtermMs } = pod;
  if (!broken(attempt) || attempt.error === 'timeout' || sigtermMs === undefined) return false;
  const marginMs = attempt.error === 'closed' && !keepsLog(pod) ? READ_MS : REACHED_MS;
  const reached = attempt.startedMs < sigtermMs - marginMs || attempt.phase === 'receive';
  return reached && attempt.endedMs >= sigtermMs;
}

/**
 * Established, not yet answered in full, and broken at its pod's end. Nothing else can have broken what was under way before
 * that end and failed after it, however late a busy client saw that its connection was gone.
 */
export function cutByEnd(attempt: Attempt, pod: PodLife): boolean {
  const { startedMs, endedMs, error } = attempt;
  if (!broken(attempt) || closedByLiving(attempt, pod)) return false;
  return endedAround(pod, endedMs) || (error !== 'timeout' && endedBetween(pod, startedMs, endedMs));
}

/** Under way for a while when the process ended, which therefore did not wait for it. */
export function cutByExit(attempt: Attempt, { exitMs, exitBoundMs = 0, ...pod }: PodLife): boolean {
  if (exitMs === undefined || !cutByEnd(attempt, { exitMs, exitBoundMs, ...pod })) return false;
  return attempt.startedMs < exitMs - exitBoundMs - REACHED_MS;
}

/**
 * Sent on an open connection while its pod lived, as far as is known, and lost with it. Only the end of a pod that does not
 * drain closes its connections, whether a request had reached it by then or crossed with its end, and however late a busy
 * client saw it.
 */
export function sentUntilEnd(attempt: Attempt, pod: PodLife): boolean {
  const { connection, error, startedMs, endedMs } = attempt;
  const lost = connection.state === 'reused' && error !== 'timeout' && error !== 'status';
  return lost && !closedByLiving(attempt, pod) && mayHaveLivedAt(pod, startedMs) && mayHaveEndedBy(pod, endedMs);
}

/** Its connection was idle, and its server closed it in order before it ended. */
function closedByLiving({ startedMs, endedMs, connection }: Attempt, pod: PodLife): boolean {
  if (connection.state !== 'reused' || killed(pod) || pod.exitMs === undefined || (pod.exitBoundMs ?? 0) > 0)
    return false;
  return endedMs - startedMs <= CLOSED_ALIVE_MS.afterStart && endedMs < pod.exitMs - CLOSED_ALIVE_MS.beforeExit;
}

/** Nobody could see whether it drained before it was killed: its listener was not watched, and it keeps no log. */
export function mayHaveDrainedUnseen(pod: PodLife, { cluster }: History): boolean {
  return cluster.listenersSeen === false && !keepsLog(pod);
}
