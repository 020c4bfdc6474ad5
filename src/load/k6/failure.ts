/** Puts k6's view of a failed request into the terms of the trace. */
import type { ProxiedRequest } from '../../clusters/cluster.ts';
import type { PodRef } from '../../trace/cluster-record.ts';
import type { FailedRequest, Phase } from '../../trace/load-record.ts';
import type { FailureLine } from './request-line.ts';

/** What a failure is by its code alone; the codes are k6's (https://grafana.com/docs/k6/latest/javascript-api/error-codes/). */
const ERRORS: Record<number, string> = {
  1050: 'timeout',
  1100: 'EAI_FAIL',
  1101: 'ENOTFOUND',
  1201: 'EPIPE',
  1211: 'timeout', // the dialler's own limit, not the system's ETIMEDOUT
  1212: 'ECONNREFUSED',
  1220: 'ECONNRESET',
};

/** The end of the system's message where k6's code covers several errors, and the same in Linux and macOS. */
const SYSTEM_MESSAGES: [ending: RegExp, error: string][] = [
  [/no route to host/, 'EHOSTUNREACH'],
  [/host is down/, 'EHOSTDOWN'],
  [/network is unreachable/, 'ENETUNREACH'],
  [/network is down/, 'ENETDOWN'],
  [/(connection|operation) timed out/, 'ETIMEDOUT'],
  [/cannot assign requested address|can't assign requested address/, 'EADDRNOTAVAIL'],
  [/connection aborted|connection abort/, 'ECONNABORTED'],
];

/** An orderly end of the connection in the place of a response, or within one. */
const CLOSED = /^(unexpected )?EOF$|server closed idle connection/;

/** Codes of requests that never had a connection: name resolution and dialling. */
const NO_CONNECTION = (code: number) => (code >= 1100 && code < 1200) || (code >= 1210 && code < 1220);

/** The name of the error: errno, "timeout", "closed", "status" or, where k6 tells no more, its code. */
export function errorName(code: number | undefined, message = ''): string {
  if (code === undefined || (code >= 1400 && code < 1600)) return 'status';
  if (CLOSED.test(message)) return 'closed';
  const system = SYSTEM_MESSAGES.find(([ending]) => ending.test(message));
  return ERRORS[code] ?? system?.[1] ?? `k6-${code}`;
}

/** How far a failed request came, by its code and by which of its steps took any time. */
export function phaseOf({ errorCode, status, timings }: Pick<FailureLine, 'errorCode' | 'status' | 'timings'>): Phase {
  if (status !== undefined) return 'receive';
  if (errorCode !== undefined && NO_CONNECTION(errorCode)) return 'connect';
  // `blocked` is the time until there was a connection, and 0 where none came.
  if (timings.blocked === 0) return 'connect';
  if (timings.sending === 0) return 'send';
  return timings.receiving > 0 ? 'receive' : 'wait';
}

/** Whether an earlier request had used the connection. */
export function connectionOf(line: Pick<FailureLine, 'errorCode' | 'status' | 'timings'>): 'fresh' | 'reused' {
  return phaseOf(line) === 'connect' || line.timings.connecting > 0 ? 'fresh' : 'reused';
}

/**
 * The failed request as the trace holds it.
 * @param startedMs when it was started, on the trial's clock
 * @param seen what the Service's proxy knows of it, where load goes through one: its connection to the pod is the one
 *   that counts, for the proxy itself can always be connected to
 * @param pod the one it reached (answeringPod)
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
      {
        ...(seen ? { via: seen.router } : {}),
        ...(pod === undefined ? {} : { pod }),
        connection: { state: connection },
        startedMs,
        endedMs,
        ...outcome,
      },
    ],
  };
}
