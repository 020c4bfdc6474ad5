/** Converts k6's report of a failed request to the terms of the trace. */
import type { ProxiedRequest } from '../../clusters/cluster.ts';
import type { PodRef } from '../../trace/cluster-record.ts';
import type { Attempt, FailedRequest, Phase } from '../../trace/load-record.ts';
import type { FailureLine } from './request-line.ts';

/** Errors that k6's code alone identifies (https://grafana.com/docs/k6/latest/javascript-api/error-codes/). */
const ERRORS: Record<number, string> = {
  1050: 'timeout',
  1100: 'EAI_FAIL',
  1101: 'ENOTFOUND',
  1201: 'EPIPE',
  1211: 'timeout', // the dialer's own limit, not the system's ETIMEDOUT
  1212: 'ECONNREFUSED',
  1220: 'ECONNRESET',
};

/** Endings of the system's message, on Linux and macOS, for k6 codes that cover several errors. */
const SYSTEM_MESSAGES: [ending: RegExp, error: string][] = [
  [/no route to host/, 'EHOSTUNREACH'],
  [/host is down/, 'EHOSTDOWN'],
  [/network is unreachable/, 'ENETUNREACH'],
  [/network is down/, 'ENETDOWN'],
  [/(connection|operation) timed out/, 'ETIMEDOUT'],
  [/cannot assign requested address|can't assign requested address/, 'EADDRNOTAVAIL'],
  [/connection aborted|connection abort/, 'ECONNABORTED'],
];

/** The connection was closed in an orderly way instead of a response, or within one. */
const CLOSED = /^(unexpected )?EOF$|server closed idle connection/;

/** Codes for requests that never had a connection: name resolution and dialing. */
const NO_CONNECTION = (code: number) => (code >= 1100 && code < 1200) || (code >= 1210 && code < 1220);

/** The name of the error: errno, "timeout", "closed", "status" or, if k6 reports nothing more specific, its code. */
export function errorName(code: number | undefined, message = ''): string {
  if (code === undefined || (code >= 1400 && code < 1600)) return 'status';
  if (CLOSED.test(message)) return 'closed';
  const system = SYSTEM_MESSAGES.find(([ending]) => ending.test(message));
  return ERRORS[code] ?? system?.[1] ?? `k6-${code}`;
}

/** How far a failed request got, according to its code and to which of its steps took any time. */
export function phaseOf({ errorCode, status, timings }: Pick<FailureLine, 'errorCode' | 'status' | 'timings'>): Phase {
  if (status !== undefined) return 'receive';
  if (errorCode !== undefined && NO_CONNECTION(errorCode)) return 'connect';
  // `blocked` is the time until the connection was established, and 0 if it never was.
  if (timings.blocked === 0) return 'connect';
  if (timings.sending === 0) return 'send';
  return timings.receiving > 0 ? 'receive' : 'wait';
}

/** Whether an earlier request had used the connection. */
export function connectionOf(line: Pick<FailureLine, 'errorCode' | 'status' | 'timings'>): 'fresh' | 'reused' {
  return phaseOf(line) === 'connect' || line.timings.connecting > 0 ? 'fresh' : 'reused';
}

/**
 * A connection is refused within a round trip. If that took longer, k6 had sent the request on a kept connection, which
 * ended without a response: Go then sends a GET once more, on a new connection, and reports only how that failed
 * (Transport.shouldRetryRequest in net/http).
 */
const REFUSED_WITHIN_MS = 50;

function wasSentBefore({ errorCode, startedAtMs, endedAtMs }: FailureLine): boolean {
  return errorName(errorCode) === 'ECONNREFUSED' && endedAtMs - startedAtMs > REFUSED_WITHIN_MS;
}

/**
 * The failed request in the form of the trace.
 * @param startedMs on the trial's clock
 * @param seen what the Service's proxy recorded about it, if the load goes through one. The proxy's connection to the
 * pod counts, because connecting to the proxy itself always succeeds.
 * @param pod the pod that it reached (answeringPod)
 */
export function failedRequest(
  line: FailureLine,
  startedMs: number,
  seen?: ProxiedRequest,
  pod?: PodRef,
): FailedRequest {
  const detail = [line.errorCode, line.error].filter((part) => part !== undefined).join(' ');
  const connection = seen?.connection ?? connectionOf(line);
  const endedMs = startedMs + (line.endedAtMs - line.startedAtMs);
  const repeated = seen === undefined && wasSentBefore(line);
  const outcome = {
    phase: seen?.connectError ? ('connect' as const) : phaseOf(line),
    error: seen?.connectError ?? errorName(line.errorCode, line.error),
    ...(line.status === undefined ? {} : { status: line.status }),
  };
  return {
    id: line.id,
    scenario: line.scenario,
    startedMs,
    endedMs,
    client: { ...outcome, connection, ...(detail ? { detail } : {}) },
    attempts: [
      ...(repeated ? [firstSending(startedMs, endedMs)] : []),
      {
        ...(seen ? { via: seen.router } : {}),
        ...(pod === undefined ? {} : { pod }),
        connection: { state: connection },
        startedMs: repeated ? endedMs : startedMs,
        endedMs,
        ...outcome,
      },
    ],
  };
}

/** What became of it on the kept connection. It was sent again at once. */
function firstSending(startedMs: number, endedMs: number): Attempt {
  return { connection: { state: 'reused' }, startedMs, endedMs, phase: 'wait', error: 'closed' };
}
