/** What the program and a load thread say to each other. One thread carries several loads, each with a number. */
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
  /** Requests started and failed so far, in memory that both threads share: a message would wake both. */
  counts: Uint32Array;
}

export type ToWorker = { load: number } & (
  | { kind: 'start'; setup: LoadSetup }
  | { kind: 'routes'; routes: RoutingTable }
  | { kind: 'stop' }
  /** End at once; nobody wants the record. */
  | { kind: 'abort' }
);

export type FromWorker = { load: number } & (
  | { kind: 'started'; atMs: number }
  /** Its longest duration is over, and nobody had stopped it. */
  | { kind: 'expired' }
  | { kind: 'done'; stoppedMs: number; record: LoadRecord }
);
