/**
 * The cause of each broken request, as one pure function of the request and the pods' timelines. The rules have a fixed
 * order and the first that fits decides; what fits none is unexplained, never guessed.
 */
import type { ClusterRecord, FailedRequest, PodRecord, Trace } from '../trace/trace.ts';
import type { CauseId } from './causes.ts';
import {
  drainedAsOthers,
  endedAround,
  endedBetween,
  endedByForce,
  mayHaveDrained,
  mayHaveEndedBy,
  mayHaveLivedAt,
  servesAt,
  terminatingAt,
} from './timeline.ts';
import { nobodyKnownServed, possiblePods } from './unseen-pod.ts';

interface Evidence {
  request: FailedRequest;
  cluster: ClusterRecord;
  /** The pod it was sent to, where known. */
  pod: PodRecord | undefined;
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
  { cause: 'grace-too-short', fits: cutWhileDraining },
  { cause: 'no-graceful-shutdown', fits: cutWithoutDraining },
  { cause: 'routing-lag', fits: sentToStoppingPod },
  { cause: 'keep-alive-race', fits: idleConnectionClosed },
];

/**
 * The cause of one failed request. Where the pods' clocks may be off against the load's, the cause must be the same
 * wherever within that bound the truth lies; else it cannot be told.
 * @param clockBoundMs how far the pods' times may be off against the request's, in ms
 */
export function attribute(request: FailedRequest, cluster: ClusterRecord, clockBoundMs = 0): CauseId {
  const shiftsMs = clockBoundMs === 0 ? [0] : [0, -clockBoundMs, clockBoundMs];
  const [cause, ...others] = new Set(shiftsMs.map((shiftMs) => causeOf(shifted(request, shiftMs), cluster)));
  return cause === undefined || others.length > 0 ? 'unexplained' : cause;
}

/** The cause of one of a trace's failed requests. */
export function causeIn({ load, cluster }: Pick<Trace, 'load' | 'cluster'>, request: FailedRequest): CauseId {
  return attribute(request, cluster, (load.clockBoundMs ?? 0) + (cluster.clockBoundMs ?? 0));
}

function shifted(request: FailedRequest, byMs: number): FailedRequest {
  return { ...request, startedMs: request.startedMs + byMs, endedMs: request.endedMs + byMs };
}

function causeOf(request: FailedRequest, cluster: ClusterRecord): CauseId {
  if (request.pod === undefined && request.router === undefined) return causeOfUnseen(request, cluster);
  const pod = cluster.pods.find((candidate) => candidate.name === request.pod);
  return firstCause({ request, cluster, pod }) ?? 'unexplained';
}

/**
 * Through a Service's address nobody sees which pod was chosen. It was one of those that a router may have known and that
 * could not serve the request; where every one of them gives the same cause, that is it.
 */
function causeOfUnseen(request: FailedRequest, cluster: ClusterRecord): CauseId {
  if (request.phase === 'connect' && nobodyKnownServed(request, cluster)) return 'capacity';
  const causes = possiblePods(request, cluster).flatMap((pod) => firstCause({ request, cluster, pod }) ?? []);
  const [cause, ...others] = new Set(causes);
  if (others.length > 0) return 'unexplained';
  return cause ?? firstCause({ request, cluster, pod: undefined }) ?? 'unexplained';
}

function firstCause(evidence: Evidence): CauseId | undefined {
  return RULES.find((rule) => rule.fits(evidence))?.cause;
}

/**
 * 1: it never got through to a pod, or too late to be answered in its time, and when it started there was none that would
 * have served it, or its router knew of none (a new pod is ready a little before every router knows).
 */
function nobodyServed({ request, cluster, pod }: Evidence): boolean {
  if (pod && request.phase !== 'connect' && request.error !== 'timeout') return false;
  const nobody = !cluster.pods.some((candidate) => servesAt(candidate, request.startedMs));
  return nobody || (pod === undefined && routedNowhere(request, cluster));
}

/** 6: its pod was alive but had not (or not any more) declared itself ready, and nobody had asked it to stop. */
function podWasNotReady({ request, pod }: Evidence): boolean {
  if (!pod || terminatingAt(pod, request.startedMs)) return false;
  return !servesAt(pod, request.startedMs) && !terminatingAt(pod, request.endedMs);
}

/** 3: it was under way when its pod, which was draining, came to a forced end. */
function cutWhileDraining({ request, cluster, pod }: Evidence): boolean {
  return pod !== undefined && cutByEnd(request, pod) && drainedAsOthers(pod, cluster.pods) && endedByForce(pod);
}

/** 2: it was under way when its pod ended without having drained: killed by a signal, or gone by its own exit. */
function cutWithoutDraining({ request, cluster, pod }: Evidence): boolean {
  if (pod === undefined || !terminatingAt(pod, request.endedMs)) return false;
  if (!cutByEnd(request, pod) && !sentUntilEnd(request, pod)) return false;
  if (drainedAsOthers(pod, cluster.pods)) return false;
  return cluster.listenersSeen !== false || !mayHaveDrained(pod);
}

/** 4: a new connection, opened after its pod had been told to go, or while it was, did not get an answer. */
function sentToStoppingPod({ request, pod }: Evidence): boolean {
  if (!pod || request.connection !== 'fresh' || !terminatingAt(pod, request.endedMs)) return false;
  return request.phase === 'connect' || (request.bytesReceived ?? 0) === 0;
}

/** 5: a connection that had served before was closed as it was sent, before any byte of the response. */
function idleConnectionClosed({ request, pod }: Evidence): boolean {
  const closing = pod === undefined || terminatingAt(pod, request.endedMs);
  const crossed = request.endedMs - request.startedMs <= MAX_CROSSING_MS && request.error !== 'timeout';
  return closing && crossed && request.connection === 'reused' && (request.bytesReceived ?? 0) === 0;
}

/** The view of its router (of every router, where it is not known which) was empty when it started. */
function routedNowhere({ router, startedMs }: FailedRequest, { routerViews }: ClusterRecord): boolean {
  const current = new Map<string, number>();
  for (const view of routerViews) if (view.atMs <= startedMs) current.set(view.router, view.pods.length);
  const sizes = router === undefined ? [...current.values()] : [current.get(router) ?? 0];
  return sizes.length > 0 && sizes.every((size) => size === 0);
}

/**
 * Established, not yet answered in full, and broken at its pod's end. Nothing else can have broken what was under way before
 * that end and failed after it, however late a busy client saw that its connection was gone.
 */
function cutByEnd({ phase, error, startedMs, endedMs }: FailedRequest, pod: PodRecord): boolean {
  if (phase === 'connect' || error === 'status') return false;
  return endedAround(pod, endedMs) || (error !== 'timeout' && endedBetween(pod, startedMs, endedMs));
}

/**
 * Sent on an open connection while its pod lived, as far as is known, and lost with it. Only the end of a pod that does not
 * drain closes its connections, whether a request had reached it by then or crossed with its end, and however late a busy
 * client saw it.
 */
function sentUntilEnd({ connection, error, startedMs, endedMs }: FailedRequest, pod: PodRecord): boolean {
  const lost = connection === 'reused' && error !== 'timeout' && error !== 'status';
  return lost && mayHaveLivedAt(pod, startedMs) && mayHaveEndedBy(pod, endedMs);
}
