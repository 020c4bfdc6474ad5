/** How long the steps of a real cluster take, as measured. The local cluster draws its delays from these samples. */
import timings from './timings.json' with { type: 'json' };

/** Empirical distributions: samples in ms, sorted. */
export interface Timings {
  /** From a process's exit to the end of its pod's network (the sandbox is taken down). */
  sandboxRemovalMs: readonly number[];
  /** From a pod's creation to the start of its container's process (scheduling, sandbox, network, runtime). */
  containerStartMs: readonly number[];
  /** From a pod's readiness, or another change, to the controllers' reaction. */
  controllerMs: readonly number[];
  /** From a pod's creation to the start of its probes' period. */
  probesStartMs: readonly number[];
  /** From the kubelet's relist that showed a pod's end to the pod's removal from the API. */
  podReleaseMs: readonly number[];
  /** The time between two relists of a kubelet. */
  relistPeriodMs: number;
  /** From a change of a pod's condition to the arrival of the changed EndpointSlice at a node. */
  endpointSliceMs: readonly number[];
  /** Between the two EndpointSlice updates of a step that changed several pods; 0 where one update had all of them. */
  sliceGapMs: readonly number[];
  /** From the start of a kube-proxy sync until its rules are in effect. */
  proxySyncMs: readonly number[];
  /** kube-proxy's minSyncPeriod. */
  minSyncPeriodMs: number;
  /** From the arrival of a changed EndpointSlice at the DNS server until its answers contain the change. */
  dnsMs: readonly number[];
}

export const measuredTimings: Timings = timings;
