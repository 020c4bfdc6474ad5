/**
 * The cause of each broken request: a pure function of the request and the pods' timelines. The rules are tried in a
 * fixed order and the first match wins. A request that matches no rule is unexplained; nothing is guessed.
 */
import type { Attempt, FailedRequest } from '../trace/load-record.ts';
import type { CauseId } from './causes.ts';
import {
  cutAfterSigterm,
  cutByEnd,
  cutByExit,
  mayHaveDrainedUnseen,
  REACHED_MS,
  sentUntilEnd,
  unreadAtClose,
} from './cuts.ts';
import { neverEndsSessions, wasOpenSession } from './held-sessions.ts';
import { type History, historyOf, type Story } from './history.ts';
import type { PodTimeline } from './pod-timeline.ts';
import {
  drainedLikeOthers,
  EXIT_SLACK_MS,
  endedAround,
  endedByForce,
  killed,
  servedUntilKilled,
  servesAt,
  terminatingAt,
} from './timeline.ts';
import { MAX_ROUTER_LAG_MS, nobodyKnownServed, possiblePods, possibleTerminatingPods } from './unseen-pod.ts';

/** The attempt to explain and what is known about it. The pod may be unknown. */
export interface Evidence {
  attempt: Attempt;
  history: History;
  pod: PodTimeline | undefined;
  /** Whether it was a session that had been opened. */
  session: boolean;
}

/**
 * If a request crosses the close of its connection on the network, the client learns so within a round trip, plus the
 * delays of a busy machine. A request that failed later than this had reached its server.
 */
const MAX_CROSSING_MS = 1000;

/** The uid in a record of requests whose pod nobody saw. */
const UNKNOWN_POD = '';

interface Rule {
  cause: CauseId;
  fits(evidence: Evidence): boolean;
}

/** Tried in this order. */
const RULES: readonly Rule[] = [
  { cause: 'capacity', fits: nobodyServed },
  { cause: 'unexplained', fits: cutByCrash },
  { cause: 'not-ready', fits: podWasNotReady },
  { cause: 'routing-lag', fits: sentAfterSigterm },
  { cause: 'grace-too-short', fits: cutWhileDraining },
  { cause: 'no-graceful-shutdown', fits: turnedAway },
  { cause: 'no-graceful-shutdown', fits: cutByServer },
  { cause: 'capacity', fits: sentToLastPods },
  { cause: 'routing-lag', fits: sentToTerminatingPod },
  { cause: 'keep-alive-race', fits: idleConnectionClosed },
  { cause: 'gateway', fits: decidedByGateway },
];

/** The causes of a trace's failed requests, in the order of the requests. */
export function causesOf(story: Story): CauseId[] {
  const history = historyOf(story);
  return story.load.failures.map((request) => causeOf(request, history));
}

/**
 * The cause of one failed request. If the pods' clocks may differ from the load's, the request is judged without an
 * offset and with the largest offset either way; unless all agree, it is unexplained. An offset within what the rules
 * allow for anyway does not count if nothing explains the request with it.
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
  const session = wasOpenSession(request, history.sessions);
  const causes = new Set(
    shiftsMs.map((shiftMs) => causeOfAttempt({ attempt: shifted(attempt, shiftMs), history, session })),
  );
  if (clockBoundMs <= REACHED_MS) causes.delete('unexplained');
  const [cause, ...others] = causes;
  if (cause === undefined || others.length > 0) return 'unexplained';
  // The limit that ended the wait for a pod was the client's own.
  return cause === 'gateway' && attempt.error === 'timeout' && request.client.error === 'timeout'
    ? 'unexplained'
    : cause;
}

/**
 * The attempt whose outcome the client saw: the last one. A request that reached no router has no attempts; what the
 * client saw stands in for one.
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

/**
 * The cause of an attempt that failed on the way: a gateway sent the request again, so that the client may not have
 * noticed.
 */
export function causeOfHidden(attempt: Attempt, history: History): CauseId {
  return causeOfAttempt({ attempt, history, session: false });
}

function causeOfAttempt(unplaced: Omit<Evidence, 'pod'>): CauseId {
  const { attempt, history } = unplaced;
  if (attempt.pod === undefined && attempt.via === undefined) {
    return causeOfUnseen(unplaced, (possible) => possiblePods(possible, history));
  }
  if (isSilence(attempt, history)) {
    return causeOfUnseen(unplaced, (possible) => possibleTerminatingPods(possible, history));
  }
  const pod = attempt.pod && history.byUid.get(attempt.pod.uid);
  const causes = possibleConnections(attempt, pod, history).map((state) =>
    firstCause({ ...unplaced, pod, attempt: { ...attempt, connection: { ...attempt.connection, state } } }),
  );
  const [cause, ...others] = new Set(causes.filter((found) => found !== undefined));
  return cause === undefined || others.length > 0 ? 'unexplained' : cause;
}

/**
 * The state that its connection may have had, if the log of a gateway does not say. One that was never established had not
 * been used before. Once a pod has stopped listening, no connection to it is new.
 */
function possibleConnections(
  { connection: { state }, startedMs, phase, error }: Attempt,
  pod: PodTimeline | undefined,
  { cluster: { gateway } }: History,
): Connection[] {
  if (state !== 'unknown' || gateway === undefined) return [state];
  if (phase === 'connect') return ['fresh'];
  const closedMs = pod?.stoppedListeningMs;
  if (closedMs !== undefined && startedMs > closedMs && error !== 'ECONNREFUSED') return ['reused'];
  return ['fresh', 'reused'];
}

type Connection = Attempt['connection']['state'];

/** A gateway read the request and sent it to a pod on a connection that it had, and its log does not say to which. */
function isSilence({ pod, via, notProcessed, phase }: Attempt, { cluster: { gateway } }: History): boolean {
  return pod === undefined && gateway !== undefined && via === gateway.name && !notProcessed && phase === 'wait';
}

/**
 * Behind a Service's address the chosen pod is not visible. It was one of the pods that a router may have known and
 * that could not serve the request. If all of them give the same cause, that is the cause.
 */
function causeOfUnseen(
  unplaced: Omit<Evidence, 'pod'>,
  podsFor: (attempt: Attempt) => readonly PodTimeline[],
): CauseId {
  const { attempt, history } = unplaced;
  if (attempt.phase === 'connect' && nobodyKnownServed(attempt, history)) return 'capacity';
  const causes = withEachConnection(attempt, history).flatMap((possible) =>
    podsFor(possible)
      .filter((pod) => possibleConnections(attempt, pod, history).includes(possible.connection.state))
      .flatMap((pod) => firstCause({ ...unplaced, attempt: possible, pod }) ?? []),
  );
  const [cause, ...others] = new Set(causes);
  if (others.length > 0) return 'unexplained';
  return cause ?? firstCause({ ...unplaced, pod: undefined }) ?? 'unexplained';
}

/** The attempt, once for each state that its connection may have had. */
function withEachConnection(attempt: Attempt, history: History): Attempt[] {
  const { connection } = attempt;
  return possibleConnections(attempt, undefined, history).map((state) => ({
    ...attempt,
    connection: { ...connection, state },
  }));
}

function firstCause(evidence: Evidence): CauseId | undefined {
  return RULES.find((rule) => rule.fits(evidence))?.cause;
}

/**
 * 1: it reached no pod, or only too late to be answered before its timeout, because no pod could serve when it started,
 * or because its router knew of none (a new pod is ready a little before every router knows it).
 */
function nobodyServed({ attempt, history, pod }: Evidence): boolean {
  if (pod && attempt.phase !== 'connect' && attempt.error !== 'timeout') return false;
  const nobody = !history.pods.some(
    (candidate) => servesAt(candidate, attempt.startedMs) && !(candidate === pod && wasRefusedBy(pod, attempt)),
  );
  return nobody || (pod === undefined && routedNowhere(attempt, history));
}

/**
 * A router chose the pod for this very attempt: kube-proxy for each new connection, a gateway for each request, whatever
 * connection it then used.
 */
function wasRouted({ connection, via }: Attempt, { cluster: { gateway } }: History): boolean {
  return connection.state === 'fresh' || (gateway !== undefined && gateway.name === via);
}

/** A terminating pod refused the connection. The refusal may come before the closed port was observed. */
function wasRefusedBy(pod: PodTimeline, { error, endedMs }: Attempt): boolean {
  return error === 'ECONNREFUSED' && terminatingAt(pod, endedMs);
}

/**
 * 0: its container ended by itself, or was killed, while the pod was to stay: none of the causes, and no hook or signal
 * handler runs. A request that was sent while the container was down was sent to an unready pod instead.
 */
function cutByCrash({ attempt: { startedMs, endedMs, error }, pod }: Evidence): boolean {
  if (!pod || error === 'ECONNREFUSED' || terminatingAt(pod, startedMs)) return false;
  return pod.downtimes.some(
    ({ fromMs, boundMs = 0 }) => startedMs <= fromMs + boundMs && Math.abs(endedMs - fromMs) <= boundMs + EXIT_SLACK_MS,
  );
}

/**
 * 6: its pod was not terminating but could not serve: it was not ready yet, had lost its readiness, or was new and
 * ready but had not answered any request yet.
 */
function podWasNotReady({ attempt: { startedMs, endedMs }, history, pod }: Evidence): boolean {
  if (!pod || terminatingAt(pod, startedMs) || terminatingAt(pod, endedMs)) return false;
  return !servesAt(pod, startedMs) || (pod.generation === 'new' && startedMs < firstAnswerMs(pod, history));
}

/** Behind a gateway, responses may not say which pod they came from: then it may have answered from the beginning. */
function firstAnswerMs({ uid }: PodTimeline, { firstAnswersMs }: History): number {
  const otherwise = firstAnswersMs.has(UNKNOWN_POD) ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return firstAnswersMs.get(uid) ?? otherwise;
}

/** 3: it was in flight when its pod, which was draining, was ended by force because the grace period was too short. */
function cutWhileDraining(evidence: Evidence): boolean {
  const { attempt, history, pod } = evidence;
  if (pod === undefined || !cutByEnd(attempt, pod)) return false;
  return drainedLikeOthers(pod, history.pods) && endedByForce(pod) && !hadNoEnd(evidence);
}

/**
 * 4: a new connection, or a request for which a gateway chose the pod, after SIGTERM, that got no byte or a server error. No matter what ended it, a router sent
 * it to a stopping pod although another pod could serve. (If there is no other, routers use terminating pods on
 * purpose: KEP-1669.) An open port does not mean that the server still accepts connections.
 */
function sentAfterSigterm({ attempt, history, pod }: Evidence): boolean {
  if (!pod || !wasRouted(attempt, history) || pod.sigtermMs === undefined) return false;
  const { startedMs } = attempt;
  if (startedMs < pod.sigtermMs || !(noByte(attempt) || isRefusal(attempt))) return false;
  return history.pods.some((other) => servesAt(other, startedMs) && !terminatingAt(other, startedMs));
}

/**
 * 2: a terminating pod answered with a server error although it should have served the request: one in flight at
 * SIGTERM, or one on a connection that it had kept open.
 */
function turnedAway({ attempt, pod }: Evidence): boolean {
  if (!pod || !isRefusal(attempt) || !terminatingAt(pod, attempt.endedMs)) return false;
  return attempt.connection.state === 'reused' || (pod.sigtermMs !== undefined && attempt.endedMs >= pod.sigtermMs);
}

/**
 * 2: its server cut it. It was in flight at SIGTERM and broke afterwards, or it broke when the pod ended, and not by
 * SIGKILL during a drain.
 */
function cutByServer(evidence: Evidence): boolean {
  const { attempt, history, pod } = evidence;
  if (pod === undefined || !terminatingAt(pod, attempt.endedMs)) return false;
  if (noByte(attempt) && unreadAtClose(attempt, pod, history)) return false;
  const endless = hadNoEnd(evidence);
  const draining = drainedLikeOthers(pod, history.pods) && !endless;
  if (killed(pod) && !draining && !(evidence.session && endless) && mayHaveDrainedUnseen(pod, history)) return false;
  if (cutAfterSigterm(attempt, pod) || cutByExit(attempt, pod)) return true;
  if (draining) return false;
  return cutByEnd(attempt, pod) || sentUntilEnd(attempt, pod);
}

/** However long the grace period was, its server would not have come to the end of it. */
function hadNoEnd({ attempt, history, pod, session }: Evidence): boolean {
  if (pod === undefined) return false;
  return session ? neverEndsSessions(pod, history.sessions) : sentToEndlessServer(attempt, pod, history);
}

/** Sent after SIGTERM on a connection that the server would never have closed, however long the grace period. */
function sentToEndlessServer({ connection, startedMs }: Attempt, pod: PodTimeline, { lastRequests }: History): boolean {
  if (connection.state !== 'reused' || pod.sigtermMs === undefined || startedMs < pod.sigtermMs) return false;
  return servedUntilKilled(pod, lastRequests.get(pod.uid));
}

/** 1: a router sent it to a terminating pod on purpose (KEP-1669), because no other pod could serve. */
function sentToLastPods(evidence: Evidence): boolean {
  const { attempt, history, pod } = evidence;
  const { startedMs } = attempt;
  if (!pod || !terminatingAt(pod, startedMs) || !sentToTerminatingPod(evidence)) return false;
  return !history.pods.some((other) => servesAt(other, startedMs) && !terminatingAt(other, startedMs));
}

/** 4: what a router sent to the pod got no answer, or a server error, and the pod was deleted before that. */
function sentToTerminatingPod({ attempt, history, pod }: Evidence): boolean {
  if (!pod || !wasRouted(attempt, history) || !terminatingAt(pod, attempt.endedMs)) return false;
  return attempt.phase === 'connect' || noByte(attempt) || isRefusal(attempt);
}

/**
 * 5: the server closed a used connection just as the request was sent, before any byte of the response. The pod was
 * terminating or, if the request failed at once, it closes idle connections sooner than its clients do. In a control with
 * pauses, pods are known to close connections then, while a burst keeps everyone busy.
 */
function idleConnectionClosed({ attempt, history, pod }: Evidence): boolean {
  const tookMs = attempt.endedMs - attempt.startedMs;
  const closing = pod === undefined || terminatingAt(pod, attempt.endedMs);
  const crossed = attempt.error !== 'timeout' && tookMs <= (closing || history.pauses ? MAX_CROSSING_MS : REACHED_MS);
  return (
    crossed && attempt.connection.state === 'reused' && noByte(attempt) && (closing || stays(pod, attempt.endedMs))
  );
}

/**
 * 7: its gateway gave up on a pod that was not terminating, after a time limit of its own, or knew of pods that served
 * and sent it to none of them, or ended a new connection without having read the request.
 */
function decidedByGateway({ attempt, history, pod }: Evidence): boolean {
  const { gateway } = history.cluster;
  if (gateway === undefined) return false;
  if (attempt.error === 'no-endpoint') return true;
  if (attempt.notProcessed && attempt.via === gateway.name) return attempt.connection.state === 'fresh';
  return attempt.error === 'timeout' && pod !== undefined && !terminatingAt(pod, attempt.endedMs);
}

/** The pod served at that time, and neither ended nor restarted around it. */
function stays(pod: PodTimeline, atMs: number): boolean {
  const crashed = pod.downtimes.some(({ fromMs }) => Math.abs(fromMs - atMs) <= EXIT_SLACK_MS);
  return servesAt(pod, atMs) && !crashed && !endedAround(pod, atMs);
}

function noByte({ bytesReceived = 0, status }: Attempt): boolean {
  return bytesReceived === 0 && status === undefined;
}

/** A server error (5xx): the server answered, but would not serve the request. */
function isRefusal({ error, status = 0 }: Attempt): boolean {
  return error === 'status' && status >= 500;
}

/**
 * How long the workers of a gateway may go on with its list from before a change, in ms: nginx ends its old ones 100 ms
 * after it has started new ones.
 */
const WORKERS_CHANGE_MS = 250;

/**
 * Its router knew of no pod when the request started. If the router is unknown, or its list could not be observed: no
 * router did.
 */
function routedNowhere(attempt: Attempt, history: History): boolean {
  const { startedMs, error } = attempt;
  if (knewNobodyAt(startedMs, attempt, history)) return true;
  if (error !== 'no-endpoint') return false;
  const { gateway, routerViews } = history.cluster;
  if (!gateway?.viewsAssumed) {
    // A change is in effect a little before it is known to be.
    const aroundMs = [startedMs - WORKERS_CHANGE_MS, startedMs + WORKERS_CHANGE_MS];
    return aroundMs.some((atMs) => knewNobodyAt(atMs, attempt, history));
  }
  // It acts on each change of its list up to this much later than assumed.
  const changesMs = routerViews.map(({ atMs }) => atMs);
  return changesMs.some(
    (atMs) => atMs <= startedMs && atMs >= startedMs - MAX_ROUTER_LAG_MS && knewNobodyBefore(atMs, attempt, history),
  );
}

function knewNobodyAt(atMs: number, { via }: Attempt, { cluster: { gateway, routerViews } }: History): boolean {
  const current = new Map<string, number>();
  for (const view of routerViews) if (view.atMs <= atMs) current.set(view.router, view.pods.length);
  const isUnseen = via === gateway?.name && !routerViews.some(({ router }) => router === via);
  const sizes = via === undefined || isUnseen ? [...current.values()] : [current.get(via) ?? 0];
  return sizes.length > 0 && sizes.every((size) => size === 0);
}

/** It knew nobody until the change at that time. */
function knewNobodyBefore(atMs: number, attempt: Attempt, history: History): boolean {
  const before = history.cluster.routerViews.filter((view) => view.atMs < atMs).at(-1);
  return before !== undefined && knewNobodyAt(before.atMs, attempt, history);
}
