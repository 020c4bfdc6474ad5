/** How a server broke a request that had reached it, judged from the times of the request and of its pod. Pure. */
import type { Attempt } from '../trace/load-record.ts';
import type { History } from './history.ts';
import type { PodTimeline } from './pod-timeline.ts';
import {
  answeredAllItRead,
  EXIT_SLACK_MS,
  endedAround,
  endedBetween,
  killed,
  mayHaveEndedBy,
  mayHaveRunAt,
  writesLifecycleLog,
} from './timeline.ts';

/** A request sent at least this long before SIGTERM, or before the exit, had reached its pod by then. */
export const REACHED_MS = 50;
/** The same for a connection that ended with FIN: a socket closed with unread bytes sends RST instead. */
const READ_MS = 5;

/**
 * A request on a used connection that failed within `afterStart` of its start, and more than `beforeExit` before an
 * exit whose time is exact, failed because a server that was still running closed the connection.
 */
const CLOSED_ALIVE_MS = { afterStart: 5, beforeExit: 15 };

/** The connection was established, and the request broke without an error response that explains it. */
function broken({ phase, error }: Attempt): boolean {
  return phase !== 'connect' && error !== 'status';
}

/**
 * In flight at SIGTERM, or already receiving its response, and broken afterwards: only its server can have done that. A
 * request sent just before SIGTERM may have crossed the close of its connection, so it does not count.
 */
export function cutAfterSigterm(attempt: Attempt, pod: PodTimeline): boolean {
  const { sigtermMs } = pod;
  if (!broken(attempt) || attempt.error === 'timeout' || sigtermMs === undefined) return false;
  const marginMs = attempt.error === 'closed' && !writesLifecycleLog(pod) ? READ_MS : REACHED_MS;
  const reached = attempt.startedMs < sigtermMs - marginMs || attempt.phase === 'receive';
  return reached && attempt.endedMs >= sigtermMs;
}

/**
 * Waited unread in the kernel until its server closed the port or the connection, which sends RST for unread bytes. A
 * busy machine can make this longer than `REACHED_MS`. Known only of a server whose lifecycle log says that it answered
 * all it had read.
 */
export function unreadAtClose(
  { error, endedMs }: Attempt,
  pod: PodTimeline,
  { cluster: { gateway } }: History,
): boolean {
  const { stoppedListeningMs } = pod;
  // The logs of some gateways do not tell a reset from an orderly end.
  const reset = error === 'ECONNRESET' || (gateway !== undefined && (error === 'closed' || error === 'failed'));
  if (!reset || stoppedListeningMs === undefined || !answeredAllItRead(pod)) return false;
  return endedMs >= stoppedListeningMs - EXIT_SLACK_MS;
}

/**
 * Established, not yet fully answered, and broken at the end of its pod. Nothing else can have broken a request that
 * was in flight before that end and failed after it, however late a busy client noticed.
 */
export function cutByEnd(attempt: Attempt, pod: PodTimeline): boolean {
  const { startedMs, endedMs, error } = attempt;
  if (!broken(attempt) || closedWhileRunning(attempt, pod)) return false;
  return endedAround(pod, endedMs) || (error !== 'timeout' && endedBetween(pod, startedMs, endedMs));
}

/** In flight for a while when the process exited, so the process did not wait for it. */
export function cutByExit(attempt: Attempt, { exitMs, exitBoundMs = 0, ...pod }: PodTimeline): boolean {
  if (exitMs === undefined || !cutByEnd(attempt, { exitMs, exitBoundMs, ...pod })) return false;
  return attempt.startedMs < exitMs - exitBoundMs - REACHED_MS;
}

/**
 * Sent on a used connection while its pod was running, as far as is known, and lost when the pod ended. A pod that does
 * not drain closes its connections only by ending. So it does not matter whether the request had arrived or crossed
 * that end, or how late a busy client noticed.
 */
export function sentUntilEnd(attempt: Attempt, pod: PodTimeline): boolean {
  const { connection, error, startedMs, endedMs } = attempt;
  const lost = connection.state === 'reused' && error !== 'timeout' && error !== 'status';
  return lost && !closedWhileRunning(attempt, pod) && mayHaveRunAt(pod, startedMs) && mayHaveEndedBy(pod, endedMs);
}

/** Its connection was idle, and a server that was still running closed it. */
function closedWhileRunning({ startedMs, endedMs, connection }: Attempt, pod: PodTimeline): boolean {
  if (connection.state !== 'reused' || killed(pod) || pod.exitMs === undefined || (pod.exitBoundMs ?? 0) > 0)
    return false;
  return endedMs - startedMs <= CLOSED_ALIVE_MS.afterStart && endedMs < pod.exitMs - CLOSED_ALIVE_MS.beforeExit;
}

/**
 * Whether it drained before SIGKILL is unknown: its listening socket was not watched, and it writes no lifecycle log.
 */
export function mayHaveDrainedUnseen(pod: PodTimeline, { cluster }: History): boolean {
  return cluster.listenersSeen === false && !writesLifecycleLog(pod);
}
