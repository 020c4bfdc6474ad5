/**
 * Joins what the load recorded with what a gateway logged, by the request's id: each failed request gets the attempts
 * that the gateway made, and successes that took several are kept as hidden retries. Pure.
 */
import { ClockOffset } from '../trace/clock-offset.ts';
import type { PodRef } from '../trace/cluster-record.ts';
import {
  type Attempt,
  type FailedRequest,
  type LoadRecord,
  MAX_RETRIED,
  type RetriedRequest,
} from '../trace/load-record.ts';
import type { GatewayKind } from './gateway.ts';
import type { LoggedAttempt, LoggedRequest } from './request-log.ts';

/** Both the load and gateways write whole milliseconds. */
const CLOCK_PRECISION_MS = 2;

/** Everything that a trial's gateway logged. */
export interface GatewayTraffic {
  /** The gateway's name, which becomes the attempts' `via`. */
  gateway: string;
  /** What it means that its log lacks a request. 'unknown': perhaps only that the line was not read. */
  unlogged: GatewayKind['unlogged'] | 'unknown';
  requests: readonly LoggedRequest[];
  /** Converts the gateway's clock to the trial's. */
  fromEpochMs(epochMs: number): number;
  /**
   * It runs on another machine, so its clock may differ from the one that `fromEpochMs` assumes. What it logged about a
   * request lies between the request's start and end; that shows by how much.
   */
  foreignClock?: boolean;
  /** It sends to the Service's address, and the routers that choose a pod behind that cannot be observed. */
  routersUnseen?: boolean;
  /** Who an attempt reached at that address, and through which router, if one more was in between. */
  reached(address: string, attempt: AttemptRef): Reached | undefined;
}

/** Which attempt of which request, and when, in ms of the trial. */
export interface AttemptRef {
  /** The request's. */
  id: string;
  /** 1 for the request's last attempt. */
  nthLast: number;
  startedMs: number;
  endedMs: number;
}

export interface Reached {
  pod?: PodRef | undefined;
  /** The router that chose the pod, where the gateway sends to the Service's address. */
  via?: string;
  connection?: 'fresh' | 'reused';
  /** errno of the router's own connection to the pod, if that failed. */
  connectError?: string;
}

export function withGatewayAttempts(load: LoadRecord, seen: GatewayTraffic): LoadRecord {
  const traffic = seen.foreignClock ? onTrialClock(load, seen) : seen;
  const logged = new Map(traffic.requests.map((request) => [request.id, request]));
  const failed = new Set(load.failures.map(({ id }) => id));
  const retried = traffic.requests
    .filter(({ id, attempts }) => id !== '' && !failed.has(id) && attempts.some(isFailure))
    .map((request) => retriedRequest(request, traffic));
  return {
    ...load,
    failures: load.failures.map((request) => ({
      ...request,
      attempts: attemptsOf(request, logged.get(request.id), traffic),
    })),
    hiddenRetries: { ...load.hiddenRetries, [traffic.gateway]: retried.length },
    retried: retried.slice(0, MAX_RETRIED),
  };
}

/** Corrects the gateway's clock. It is left as it is where that agrees with every request, as precisely as the load's own times are known. */
function onTrialClock({ failures, clockBoundMs = 0 }: LoadRecord, traffic: GatewayTraffic): GatewayTraffic {
  const clock = new ClockOffset();
  const logged = new Map(traffic.requests.map((request) => [request.id, request]));
  for (const { id, startedMs, endedMs, client } of failures) {
    const request = logged.get(id);
    if (!request || request.coarseTimes) continue;
    if (client.error !== 'status') continue; // without an answer, either may have noticed the end first
    const fromMs = traffic.fromEpochMs(request.startedEpochMs);
    const toMs = traffic.fromEpochMs(request.endedEpochMs);
    clock.addBounds(toMs - endedMs - CLOCK_PRECISION_MS, fromMs - startedMs + CLOCK_PRECISION_MS);
  }
  const { offsetMs, boundMs } = clock.estimate ?? { offsetMs: 0, boundMs: 0 };
  if (Math.abs(offsetMs) <= boundMs + clockBoundMs) return traffic;
  return { ...traffic, fromEpochMs: (epochMs) => traffic.fromEpochMs(epochMs) - offsetMs };
}

type Times = Pick<Attempt, 'startedMs' | 'endedMs'>;

function isFailure({ error }: LoggedAttempt): boolean {
  return error !== undefined;
}

function retriedRequest(request: LoggedRequest, traffic: GatewayTraffic): RetriedRequest {
  const { id, method, startedEpochMs } = request;
  const attempts = request.attempts
    .map((logged, nth) => (isFailure(logged) ? attempt(logged, nth, request, traffic) : undefined))
    .filter((made) => made !== undefined);
  return { id, method, startedMs: traffic.fromEpochMs(startedEpochMs), attempts };
}

/** The attempts at a request that failed for the client. */
function attemptsOf(request: FailedRequest, logged: LoggedRequest | undefined, traffic: GatewayTraffic): Attempt[] {
  if (logged === undefined) return [unloggedAttempt(request, traffic)];
  const attempts = logged.attempts.map((each, nth) => attempt(each, nth, logged, traffic, request));
  const last = logged.attempts.at(-1);
  const [before, unfinished] = [attempts.slice(0, -1), attempts.at(-1)];
  const succeeded = last !== undefined && !isFailure(last) && (last.status ?? 0) < 400;
  // The client gave up while the pod was still working on it.
  if (succeeded && last.status === undefined && unfinished) {
    const { phase, error } = request.client;
    return [...before, { ...unfinished, phase, error, endedMs: Math.max(unfinished.startedMs, request.endedMs) }];
  }
  // The gateway had the answer, or never chose a pod: what the client saw happened between the client and the gateway.
  if (last === undefined || (succeeded && request.client.error !== 'status')) {
    return [...(succeeded ? before : attempts), seenByClient(request, traffic.gateway)];
  }
  return withAnsweringPod(attempts, request);
}

/** The response may name the pod that the gateway's log does not. */
function withAnsweringPod(attempts: Attempt[], request: FailedRequest): Attempt[] {
  const last = attempts.at(-1);
  const pod = request.client.error === 'status' ? request.attempts.at(-1)?.pod : undefined;
  return last === undefined || last.pod || !pod ? attempts : [...attempts.slice(0, -1), { ...last, pod }];
}

/** How the client saw the request, as an attempt that reached no pod that is known. */
function seenByClient({ client, startedMs, endedMs }: FailedRequest, via: string): Attempt {
  const { connection, detail: _, ...seen } = client;
  return { via, connection: { state: connection }, startedMs, endedMs, ...seen };
}

/**
 * The attempt that a gateway made, or did not make, at a request that it did not log. One that it answered was read, but
 * its line was lost: HAProxy drops lines if their reader is slow. One that the client gave up may still be on its way:
 * a gateway that waits for a pod's address to answer notices only later that the client has gone, and logs it then.
 */
function unloggedAttempt(request: FailedRequest, { gateway, unlogged }: GatewayTraffic): Attempt {
  const seen = seenByClient(request, gateway);
  const { phase, error, status, bytesReceived = 0 } = request.client;
  if (unlogged === 'unknown' || status !== undefined || bytesReceived > 0) return seen;
  if (error === 'timeout') return { ...seen, connection: { state: 'unknown' } };
  if (unlogged === 'never-read') return { ...seen, notProcessed: true };
  return phase === 'wait' ? { ...seen, connection: { state: 'reused' } } : seen;
}

/** When an attempt was made, as the gateway logged it. */
function loggedTimes(logged: LoggedAttempt, request: LoggedRequest, traffic: GatewayTraffic): Times {
  const startedMs = traffic.fromEpochMs(logged.startedEpochMs ?? request.startedEpochMs);
  const endedMs = traffic.fromEpochMs(logged.endedEpochMs ?? request.endedEpochMs);
  return { startedMs, endedMs: Math.max(startedMs, endedMs) };
}

/** @param client the request's times, if the client recorded it */
function attempt(
  logged: LoggedAttempt,
  nth: number,
  request: LoggedRequest,
  traffic: GatewayTraffic,
  client?: Times,
): Attempt {
  const { startedMs, endedMs } = (request.coarseTimes && client) || loggedTimes(logged, request, traffic);
  const { address, error, status, bytesReceived } = logged;
  const nthLast = request.attempts.length - nth;
  const reached =
    address === undefined ? undefined : traffic.reached(address, { id: request.id, nthLast, startedMs, endedMs });
  const { connectError } = reached ?? {};
  const chosenBehind = traffic.routersUnseen === true && address !== undefined;
  const via = reached?.via ?? (chosenBehind ? undefined : traffic.gateway);
  return {
    ...(via !== undefined && { via }),
    ...(reached?.pod && { pod: reached.pod }),
    connection: { ...logged.connection, ...(reached?.connection && { state: reached.connection }) },
    startedMs,
    endedMs,
    phase: connectError === undefined ? logged.phase : 'connect',
    error: connectError ?? error ?? 'status',
    ...(status !== undefined && { status }),
    ...(bytesReceived !== undefined && { bytesReceived }),
  };
}
