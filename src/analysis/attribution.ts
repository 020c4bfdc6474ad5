/**
 * The cause of each broken request, as one pure function of the request and the pods' timelines. The rules have a fixed
 * order and the first that fits decides; what fits none is unexplained, never guessed.
 */
import type { Attempt, FailedRequest } from '../trace/load-record.ts';
import type { CauseId } from './causes.ts';
import { type History, historyOf, type Story } from './history.ts';
import type { PodLife } from './pod-life.ts';
import {
  drainedAsOthers,
  EXIT_SLACK_MS,
  endedAround,
  endedBetween,
  endedByForce,
  keepsLog,
  killed,
  mayHaveEndedBy,
  mayHaveLivedAt,
  servedUntilKilled,
  servesAt,
  terminatingAt,
} from './timeline.ts';
import { nobodyKnownServed, possiblePods } from './unseen-pod.ts';

/** The attempt that is judged, at a pod that may be unknown. */
export interface Evidence {
  attempt: Attempt;
  history: History;
  pod: PodLife | undefined;
}

/**
 * A request and the end of its connection that crossed on the way are known to have failed within a round trip, and what a
 * busy machine adds. One that failed later had reached its server.
 */
const MAX_CROSSING_MS = 1000;

/** A request that was sent this long before SIGTERM, or before the exit, had surely reached its pod by then. */
const REACHED_MS = 50;
/** The same for one whose connection ended in order: with unread bytes in its socket a server's end of it would be a reset. */
const READ_MS = 5;

/**
 * A request that failed within the first time of being sent, the second before an exit that was seen as it happened, met the
 * closing of its connection by a server that still lived.
 */
const CLOSED_ALIVE_MS = { afterStart: 5, beforeExit: 15 };

interface Rule {
  cause: CauseId;
  fits(evidence: Evidence): boolean;
}

/** In this order. */
const RULES: readonly Rule[] = [
  { cause: 'capacity', fits: nobodyServed },
  { cause: 'not-ready', fits: podWasNotReady },
  { cause: 'routing-lag', fits: sentAfterSigterm },
  { cause: 'grace-too-short', fits: cutWhileDraining },
  { cause: 'no-graceful-shutdown', fits: turnedAway },
  { cause: 'no-graceful-shutdown', fits: cutByServer },
  { cause: 'capacity', fits: sentToLastPods },
  { cause: 'routing-lag', fits: sentToTerminatingPod },
  { cause: 'keep-alive-race', fits: idleConnectionClosed },
];

/** The cause of each of a trace's failed requests, in their order. */
export function causesOf(story: Story): CauseId[] {
  const history = historyOf(story);
  return story.load.failures.map((request) => causeOf(request, history));
}

/**
 * The cause of one failed request. Where the pods' clocks may be off against the load's, the cause must be the same
 * wherever within that bound the truth lies; else it is unknown.
 */
export function causeOf(request: FailedRequest, history: History): CauseId {
  const { clockBoundMs } = history;
  const attempt = decidingAttempt(request);
  const shiftsMs = clockBoundMs === 0 ? [0] : [0, -clockBoundMs, clockBoundMs];
  const [cause, ...others] = new Set(shiftsMs.map((shiftMs) => causeOfAttempt(shifted(attempt, shiftMs), history)));
  return cause === undefined || others.length > 0 ? 'unexplained' : cause;
}

/**
 * The attempt whose end the client saw: the last one. A request that reached no router is judged by what the client saw.
 */
export function decidingAttempt({ client, attempts, startedMs, endedMs }: FailedRequest): Attempt {
  const last = attempts.at(-1);
  if (last) return last;
  const { connection, detail: _, ...seen } = client;
  return { ...seen, startedMs, endedMs, connection: { state: connection } };
}

function shifted(attempt: Attempt, byMs: number): Attempt {
  return { ...attempt, startedMs: attempt.startedMs + byMs, endedMs: attempt.endedMs + byMs };
}

function causeOfAttempt(attempt: Attempt, history: History): CauseId {
  if (attempt.pod === undefined && attempt.via === undefined) return causeOfUnseen(attempt, history);
  const pod = attempt.pod && history.byUid.get(attempt.pod.uid);
  return firstCause({ attempt, history, pod }) ?? 'unexplained';
}

/**
 * Through a Service's address nobody sees which pod was chosen. It was one of those that a router may have known and that
 * could not serve the request; where every one of them gives the same cause, that is it.
 */
function causeOfUnseen(attempt: Attempt, history: History): CauseId {
  if (attempt.phase === 'connect' && nobodyKnownServed(attempt, history)) return 'capacity';
  const causes = possiblePods(attempt, history).flatMap((pod) => firstCause({ attempt, history, pod }) ?? []);
  const [cause, ...others] = new Set(causes);
  if (others.length > 0) return 'unexplained';
  return cause ?? firstCause({ attempt, history, pod: undefined }) ?? 'unexplained';
}

function firstCause(evidence: Evidence): CauseId | undefined {
  return RULES.find((rule) => rule.fits(evidence))?.cause;
}

/**
 * 1: it never got through to a pod, or too late to be answered in its time, and when it started there was none that would
 * have served it, or its router knew of none (a new pod is ready a little before every router knows).
 */
function nobodyServed({ attempt, history, pod }: Evidence): boolean {
  if (pod && attempt.phase !== 'connect' && attempt.error !== 'timeout') return false;
  const nobody = !history.pods.some(
    (candidate) => servesAt(candidate, attempt.startedMs) && !(candidate === pod && wasRefusedBy(pod, attempt)),
  );
  return nobody || (pod === undefined && routedNowhere(attempt, history));
}

/** A terminating pod refused it, which may be before its port was seen to be closed. */
function wasRefusedBy(pod: PodLife, { error, endedMs }: Attempt): boolean {
  return error === 'ECONNREFUSED' && terminatingAt(pod, endedMs);
}

/**
 * 6: its pod was alive and nobody had asked it to stop, but it could not serve: it had not declared itself ready, or had
 * lost its readiness, or had been declared ready and not answered any request yet.
 */
function podWasNotReady({ attempt: { startedMs, endedMs }, history, pod }: Evidence): boolean {
  if (!pod || terminatingAt(pod, startedMs) || terminatingAt(pod, endedMs)) return false;
  return !servesAt(pod, startedMs) || (pod.generation === 'new' && startedMs < firstAnswerMs(pod, history));
}

function firstAnswerMs({ uid }: PodLife, { firstAnswersMs }: History): number {
  return firstAnswersMs.get(uid) ?? Number.POSITIVE_INFINITY;
}

/** 3: it was under way when its pod, which was draining, was ended because the grace period was over. */
function cutWhileDraining({ attempt, history, pod }: Evidence): boolean {
  if (pod === undefined || !cutByEnd(attempt, pod)) return false;
  return drainedAsOthers(pod, history.pods) && endedByForce(pod) && !sentToEndlessServer(attempt, pod, history);
}

/**
 * 4: a new connection that was begun after SIGTERM and brought no byte: whatever ended it, a router sent it to a pod that was
 * stopping although there was another. (Where there is none, routers send to terminating pods on purpose: KEP-1669.) A port
 * that is still open does not mean that anybody accepts.
 */
function sentAfterSigterm({ attempt, history, pod }: Evidence): boolean {
  if (!pod || attempt.connection.state !== 'fresh' || pod.sigtermMs === undefined) return false;
  const { startedMs } = attempt;
  if (startedMs < pod.sigtermMs || !(noByte(attempt) || isRefusal(attempt))) return false;
  return history.pods.some((other) => servesAt(other, startedMs) && !terminatingAt(other, startedMs));
}

/**
 * 2: a terminating pod answered with a server error what it should have served: a request that was under way at SIGTERM, or
 * one on a connection that it had kept open.
 */
function turnedAway({ attempt, pod }: Evidence): boolean {
  if (!pod || !isRefusal(attempt) || !terminatingAt(pod, attempt.endedMs)) return false;
  return attempt.connection.state === 'reused' || (pod.sigtermMs !== undefined && attempt.endedMs >= pod.sigtermMs);
}

/**
 * 2: it was cut by its server: under way when SIGTERM came and broken after it, or when the pod ended, and not by SIGKILL
 * in a drain.
 */
function cutByServer({ attempt, history, pod }: Evidence): boolean {
  if (pod === undefined || !terminatingAt(pod, attempt.endedMs)) return false;
  const draining = drainedAsOthers(pod, history.pods) && !sentToEndlessServer(attempt, pod, history);
  if (killed(pod) && !draining && mayHaveDrainedUnseen(pod, history)) return false;
  if (cutAfterSigterm(attempt, pod) || cutByExit(attempt, pod)) return true;
  if (draining) return false;
  return cutByEnd(attempt, pod) || sentUntilEnd(attempt, pod);
}

/** Sent after SIGTERM on a connection that its server would not have closed, however long it was given. */
function sentToEndlessServer({ connection, startedMs }: Attempt, pod: PodLife, { lastRequests }: History): boolean {
  if (connection.state !== 'reused' || pod.sigtermMs === undefined || startedMs < pod.sigtermMs) return false;
  return servedUntilKilled(pod, lastRequests.get(pod.uid));
}

/** 1: it was sent to a pod that had been asked to stop, on purpose (KEP-1669): there was no other one. */
function sentToLastPods({ attempt, history, pod }: Evidence): boolean {
  const { startedMs } = attempt;
  if (!pod || !terminatingAt(pod, startedMs) || !sentToTerminatingPod({ attempt, history, pod })) return false;
  return !history.pods.some((other) => servesAt(other, startedMs) && !terminatingAt(other, startedMs));
}

/** 4: a new connection, opened after its pod's deletion was asked for, or while it was, did not get an answer. */
function sentToTerminatingPod({ attempt, pod }: Evidence): boolean {
  if (!pod || attempt.connection.state !== 'fresh' || !terminatingAt(pod, attempt.endedMs)) return false;
  return attempt.phase === 'connect' || noByte(attempt) || isRefusal(attempt);
}

/**
 * 5: a connection that had served before was closed as it was sent, before any byte of the response: by a pod that was
 * terminating or, where it failed at once, by one that keeps idle connections for a shorter time than its clients.
 */
function idleConnectionClosed({ attempt, pod }: Evidence): boolean {
  const tookMs = attempt.endedMs - attempt.startedMs;
  const closing = pod === undefined || terminatingAt(pod, attempt.endedMs);
  const crossed = attempt.error !== 'timeout' && tookMs <= (closing ? MAX_CROSSING_MS : REACHED_MS);
  return (
    crossed && attempt.connection.state === 'reused' && noByte(attempt) && (closing || stays(pod, attempt.endedMs))
  );
}

/** It served at that time, and did not end around it. */
function stays(pod: PodLife, atMs: number): boolean {
  const crashed = pod.downtimes.some(({ fromMs }) => Math.abs(fromMs - atMs) <= EXIT_SLACK_MS);
  return servesAt(pod, atMs) && !crashed && !endedAround(pod, atMs);
}

function noByte({ bytesReceived = 0, status }: Attempt): boolean {
  return bytesReceived === 0 && status === undefined;
}

/** An answer that says that the server will not serve it now. */
function isRefusal({ error, status = 0 }: Attempt): boolean {
  return error === 'status' && status >= 500;
}

/** The view of its router (of every router, where it is not known which) was empty when it started. */
function routedNowhere({ via, startedMs }: Attempt, { cluster: { routerViews } }: History): boolean {
  const current = new Map<string, number>();
  for (const view of routerViews) if (view.atMs <= startedMs) current.set(view.router, view.pods.length);
  const sizes = via === undefined ? [...current.values()] : [current.get(via) ?? 0];
  return sizes.length > 0 && sizes.every((size) => size === 0);
}

/** Established and sent, and broken without an answer that would explain it. */
function broken({ phase, error }: Attempt): boolean {
  return phase !== 'connect' && error !== 'status';
}

/**
 * Under way when SIGTERM came, or within its response later, and broken while the pod lived on or as it ended: only its
 * server can have done that. What was sent within a moment of SIGTERM may have crossed with the closing of its connection.
 */
function cutAfterSigterm(attempt: Attempt, pod: PodLife): boolean {
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
function cutByEnd(attempt: Attempt, pod: PodLife): boolean {
  const { startedMs, endedMs, error } = attempt;
  if (!broken(attempt) || closedByLiving(attempt, pod)) return false;
  return endedAround(pod, endedMs) || (error !== 'timeout' && endedBetween(pod, startedMs, endedMs));
}

/** Under way for a while when the process ended, which therefore did not wait for it. */
function cutByExit(attempt: Attempt, { exitMs, exitBoundMs = 0, ...pod }: PodLife): boolean {
  if (exitMs === undefined || !cutByEnd(attempt, { exitMs, exitBoundMs, ...pod })) return false;
  return attempt.startedMs < exitMs - exitBoundMs - REACHED_MS;
}

/**
 * Sent on an open connection while its pod lived, as far as is known, and lost with it. Only the end of a pod that does not
 * drain closes its connections, whether a request had reached it by then or crossed with its end, and however late a busy
 * client saw it.
 */
function sentUntilEnd(attempt: Attempt, pod: PodLife): boolean {
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
function mayHaveDrainedUnseen(pod: PodLife, { cluster }: History): boolean {
  return cluster.listenersSeen === false && !keepsLog(pod);
}
