/** Sessions that were open when their server was asked to stop: whether it ends them. Pure. */
import { smallest } from '../extremes.ts';
import type { FailedRequest, LoadRecord, SessionRecord } from '../trace/load-record.ts';
import type { PodTimeline } from './pod-timeline.ts';
import { earliestExitMs, writesLifecycleLog } from './timeline.ts';

/**
 * A server that has not ended its sessions this long after it began to stop was not about to. After a preStop hook that
 * outlasts the grace period, a server gets 2 s, which is too short to tell.
 */
const TIME_TO_END_MS = 2500;

/** What the analysis of a trace needs to know about its sessions. */
export interface HeldSessions {
  scenarios: ReadonlySet<string>;
  /** Per pod (uid): the sessions that were open on it. */
  byPod: ReadonlyMap<string, readonly SessionRecord[]>;
  /** Whether any server ended a session in order after its stop signal. */
  ended: boolean;
}

export function heldSessions({ sessions }: LoadRecord, pods: readonly PodTimeline[]): HeldSessions {
  const sigtermsMs = new Map(pods.map(({ uid, sigtermMs }) => [uid, sigtermMs]));
  const firstMs = smallest(
    pods.flatMap(({ sigtermMs }) => sigtermMs ?? []),
    Number.POSITIVE_INFINITY,
  );
  const afterSigterm = ({ pod, endedMs = Number.NEGATIVE_INFINITY }: SessionRecord) =>
    endedMs >= (pod === '' ? firstMs : (sigtermsMs.get(pod) ?? Number.POSITIVE_INFINITY));
  const byPod = new Map<string, SessionRecord[]>();
  for (const session of sessions?.opened ?? []) {
    const same = byPod.get(session.pod);
    if (same) same.push(session);
    else byPod.set(session.pod, [session]);
  }
  return {
    byPod,
    scenarios: new Set(Object.keys(sessions?.clients ?? {})),
    ended: (sessions?.opened ?? []).some((session) => endedInOrder(session) && afterSigterm(session)),
  };
}

/** Its server ended it with a close frame or a complete response. */
export function endedInOrder({ end }: SessionRecord): boolean {
  return end === 'close-frame' || end === 'complete';
}

/** Whether the failed request was a session that had been opened. */
export function wasOpenSession({ scenario, client }: FailedRequest, { scenarios }: HeldSessions): boolean {
  const { status = 0 } = client;
  return scenarios.has(scenario) && (status === 101 || (status >= 200 && status < 300));
}

/**
 * The pod had the time to end its sessions, and neither it nor another pod ended one in order. A longer grace period
 * would not help, because a session has no end of its own.
 */
export function neverEndsSessions(pod: PodTimeline, { ended }: HeldSessions): boolean {
  const { sigtermMs, stoppedListeningMs, sigkillMs = Number.POSITIVE_INFINITY } = pod;
  // A lifecycle log says when the server stops listening, which is when it ends its sessions.
  const beganMs = writesLifecycleLog(pod) ? stoppedListeningMs : sigtermMs;
  const endMs = Math.min(sigkillMs, earliestExitMs(pod) ?? Number.POSITIVE_INFINITY);
  return !ended && beganMs !== undefined && endMs - beganMs > TIME_TO_END_MS;
}
