/** What the program and the load's worker thread say to each other. */
import type { RoutingTable } from '../../clusters/cluster.ts';
import type { LoadRecord } from '../../trace/load-record.ts';
import type { LoadProgress } from '../load.ts';
import type { RequestMix } from '../request-mix.ts';

export interface WorkerSetup {
  requestMix: RequestMix;
  routes: RoutingTable;
  /** The trial clock's zero, so that both threads read the same time. */
  clockStartedAtEpochMs: number;
  seed: number;
  maxDurationMs: number;
}

export type ToWorker = { kind: 'routes'; routes: RoutingTable } | { kind: 'stop' };

export type FromWorker =
  | { kind: 'started'; atMs: number }
  | ({ kind: 'progress' } & LoadProgress)
  /** Its longest duration is over, and nobody had stopped it. */
  | { kind: 'expired' }
  | { kind: 'done'; stoppedMs: number; record: LoadRecord };
