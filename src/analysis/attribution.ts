/**
 * The cause of each broken request, as one pure function of the request and the pods' timelines. The rules have a fixed
 * order and the first that fits decides; what fits none is unexplained, never guessed.
 */
import type { Attempt, FailedRequest } from '../trace/load-record.ts';
import type { CauseId } from './causes.ts';
import { cutAfterSigterm, cutByEnd, cutByExit, mayHaveDrainedUnseen, REACHED_MS, sentUntilEnd } from './cuts.ts';
import { type History, historyOf, type Story } from './history.ts';
import type { PodLife } from './pod-life.ts';
import {
  drainedAsOthers,
  EXIT_SLACK_MS,
  endedAround,
  endedByForce,
  killed,
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
  const known = history.causes.get(request);
  if (known !== undefined) return known;
  const cause = causeWithin(request, history);
  history.causes.set(request, cause);
  return cause;
}

function causeWithin(request: FailedRequest, history: History): CauseId {
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
