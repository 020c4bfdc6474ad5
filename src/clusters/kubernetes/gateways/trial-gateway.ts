/** What every gateway on a cluster needs of its trial, and how the addresses in its log are read. */
import type { TrialClock } from '../../../trace/clock.ts';
import type { PodRef } from '../../../trace/cluster-record.ts';
import type { KubernetesApi } from '../api.ts';

export interface TrialGatewayOptions {
  api: KubernetesApi;
  clock: TrialClock;
  /** Ends every wait. */
  signal: AbortSignal;
  /** Aborting it ends the watches and the log. */
  watching: AbortSignal;
  podAt(address: string, atMs: number): PodRef | undefined;
  /** Called if the gateway ends or restarts, or if its log can no longer be read. */
  onDeath(error: Error): void;
}

/** "10.0.0.7" of "10.0.0.7:8080", "fd00::7" of "[fd00::7]:8080". */
export function hostOf(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}
