/** How a request failed, and the record of it. Pure. */
import type { PodRef } from '../../trace/cluster-record.ts';
import type { FailedRequest } from '../../trace/load-record.ts';
import type { Scenario } from '../request-mix.ts';
import type { Outcome } from './connection.ts';

export interface SentRequest {
  scenario: Pick<Scenario, 'name'>;
  id: string;
  /** Absent for a session: it is opened when the one before has ended. */
  plannedMs?: number;
  startedMs: number;
  reused: boolean;
}

/** Where the request went: the router that chose the endpoint, and the pod, where known. */
export interface Way {
  router: string | undefined;
  pod: PodRef | undefined;
}

/** The outcome of a request for which there was no connection. */
export function notConnected(name: string, detail: string): Outcome {
  return { phase: 'connect', bytesReceived: 0, head: undefined, error: { name, detail } };
}

export function failedRequest(request: SentRequest, outcome: Outcome, way: Way, endedMs: number): FailedRequest {
  const { id, scenario, plannedMs, startedMs } = request;
  const { router, pod } = way;
  const status = outcome.head?.status;
  const connection = request.reused ? 'reused' : 'fresh';
  const seen = {
    phase: outcome.phase,
    error: outcome.error?.name ?? 'status',
    bytesReceived: outcome.bytesReceived,
    ...(status === undefined ? {} : { status }),
  };
  return {
    id,
    scenario: scenario.name,
    ...(plannedMs === undefined ? {} : { plannedMs }),
    startedMs,
    endedMs,
    client: { ...seen, connection, detail: outcome.error?.detail ?? `HTTP status ${status}` },
    attempts: [
      {
        ...(router ? { via: router } : {}),
        ...(pod ? { pod } : {}),
        connection: { state: connection },
        startedMs,
        endedMs,
        ...seen,
      },
    ],
  };
}
