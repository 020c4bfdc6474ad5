/** How long gateways were seen to keep idle connections, and what became of requests on those that ended. */

/** Where the results are, relative to the project. */
export const IDLE_RESULT = 'docs/results/gateways/idle-limits.json';
export const LOST_RESULT = 'docs/results/gateways/lost-requests.json';

export interface MeasuredIdle {
  gateway: string;
  version: string;
  /** Connections to the server that the gateway had opened. */
  connections: number;
  watchedMs: number;
  /** For each that it closed: how long after the last response, in ms, the shortest first. */
  closedAfterMs: number[];
}

/** The client's connection was closed without a response. */
export const CLOSED = 'closed';

export interface MeasuredLost {
  gateway: string;
  version: string;
  method: string;
  /** How many requests had which outcome: a status, or CLOSED. */
  outcomes: Record<string, number>;
}
