/** What a disruption needs of the deployed workload, whether a trial has created it or it served before. */
import type { Manifests } from '../../manifests/manifests.ts';
import type { KubernetesApi } from './api.ts';
import type { CleanUp } from './clean-up.ts';
import type { Observer } from './observer.ts';
import type { WorkloadReference } from './workload.ts';

export interface DisruptedWorkload {
  api: KubernetesApi;
  reference: WorkloadReference;
  manifests: Manifests;
  observer: Observer;
  signal: AbortSignal;
  /** The annotation of the pods whose change is a rollout. */
  annotation: string;
  /** The number of replicas before. */
  replicas: number;
  /**
   * The namespace is deleted at the end of the trial. Then nothing in it is restored, and a drain evicts only the
   * trial's own pods, because the node belongs to others too.
   */
  ownsNamespace: boolean;
  /** Where a pod that kills a container may run. */
  privilegedNamespace(): Promise<string>;
  /** Actions for the end of the trial, the last one first. */
  cleanUps: CleanUp[];
  /**
   * Waits until exactly as many pods exist as wanted, all serve, and the further condition holds.
   * @param what for the message if it takes too long: "the pods did not …"
   */
  settled(what: string, wait?: Wait): Promise<void>;
}

export interface Wait {
  /** The generation of the workload that the cluster must have acted on. */
  generation?: number;
  /** The new number of replicas. */
  replicas?: number;
  also?: () => boolean;
}
