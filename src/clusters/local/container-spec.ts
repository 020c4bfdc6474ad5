/** What a container of the local cluster is made from. */
import type { Container as ContainerManifest } from '../../kubernetes-rules/objects.ts';
import type { Mount } from '../../processes/mounts.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { PodNetwork } from './pod-network.ts';
import type { ContainerRole } from './pod-order.ts';
import type { Address, ReachableContainer } from './probe-check.ts';
import type { Relist } from './relist.ts';

export interface ContainerSpec {
  manifest: ContainerManifest;
  role: ContainerRole;
  /** The command that replaces the image. References to its environment, such as $(PORT), are expanded. */
  command: readonly string[];
  /** The stop signal: from the manifest, else from the image, else SIGTERM. */
  stopSignal: NodeJS.Signals;
  /** The Service sends traffic to it. */
  serves: boolean;
  /** There is no command for it: a process that does nothing runs instead, and an init container is not run at all. */
  standIn: boolean;
  /** The other container whose port its preStop hook asks. */
  asks: string | undefined;
  /** The folders that stand for its volumes. */
  mounts: readonly Mount[];
  /** The folder in which it starts, if that is in one of these volumes; else that of this program. */
  workingDir: string | undefined;
}

/** What a container needs of its pod. */
export interface ContainerOptions {
  spec: ContainerSpec;
  env: Record<string, string>;
  /** A folder for copies of what its mounts cover. */
  copies: string;
  gracePeriodMs: number;
  clock: TrialClock;
  relist: Relist;
  /** Its ports, as probes and hooks reach them. */
  reach: Pick<ReachableContainer, 'portOf' | 'dial'>;
  /** The address at which the Service reaches it; only for the serving container. */
  served: Address | undefined;
  /** The port that its server listens on, in the pod's network; only for the serving container. */
  listensOn: number | undefined;
  network(): PodNetwork | undefined;
  isTerminating(): boolean;
  /** Aborting it ends everything. */
  signal: AbortSignal;
  /** Called when it becomes ready or unready. */
  onReady(ready: boolean): void;
  onEvent(type: string, message: string): void;
  /** Called if it keeps exiting and has never been ready. */
  onCrashLoop(message: string): void;
}
