/**
 * The rules of attribution: how each cause is recognised from one attempt and the pods' timelines. They are tried in a fixed
 * order, and the first that fits wins. Pure.
 */
import type { Attempt } from '../trace/load-record.ts';
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
import { neverEndsSessions } from './held-sessions.ts';
import type { History } from './history.ts';
import type { PodTimeline } from './pod-timeline.ts';
import { routedNowhere } from './routed-nowhere.ts';
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

/** The cause of the first rule that fits; undefined if none does. */
export function firstCause(evidence: Evidence): CauseId | undefined {
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
