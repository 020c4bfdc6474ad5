/** How long gateways were seen to keep idle connections. */

/** Where the result is, relative to the project. */
export const IDLE_RESULT = 'docs/results/gateways/idle-limits.json';

export interface MeasuredIdle {
  gateway: string;
  version: string;
  /** Connections to the server that the gateway had opened. */
  connections: number;
  watchedMs: number;
  /** For each that it closed: how long after the last response, in ms, the shortest first. */
  closedAfterMs: number[];
}
