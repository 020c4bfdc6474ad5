/** The messages between the program and a load thread. A thread runs several loads, each with a number. */
import type { RoutingTable } from '../../clusters/cluster.ts';
import type { LoadRecord } from '../../trace/load-record.ts';
import type { RequestMix } from '../request-mix.ts';

export interface LoadSetup {
  requestMix: RequestMix;
  routes: RoutingTable;
  /** The trial clock's zero, so that both threads read the same time. */
  clockStartedAtEpochMs: number;
  seed: number;
  maxDurationMs: number;
  /** Requests started and failed so far, in shared memory: a message would wake up both threads. */
  counts: Uint32Array;
}

export type ToWorker = { load: number } & (
  | { kind: 'start'; setup: LoadSetup }
  | { kind: 'routes'; routes: RoutingTable }
  | { kind: 'stop' }
  /** End at once, without a record. */
  | { kind: 'abort' }
);

export type FromWorker = { load: number } & (
  | { kind: 'started'; atMs: number }
  /** Its maximum duration has passed and nobody has stopped it. */
  | { kind: 'expired' }
  | { kind: 'done'; stoppedMs: number; record: LoadRecord }
);
