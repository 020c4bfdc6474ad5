/** How long the parts of a real cluster take, as measured; the local cluster draws its delays from these samples. */
import timings from './timings.json' with { type: 'json' };

/** Empirical distributions: samples in ms, sorted. */
export interface Timings {
  /** From a process's exit to the end of its pod's network (the sandbox is taken down). */
  sandboxRemovalMs: readonly number[];
  /** From a pod's creation to the start of its container's process (scheduling, sandbox, network, runtime). */
  containerStartMs: readonly number[];
  /** From a pod's readiness, or another change, to what the controllers do about it. */
  controllerMs: readonly number[];
  /** From a pod's creation to the start of its probes' rhythm. */
  probesStartMs: readonly number[];
  /** From the kubelet's list that saw a pod's end to the pod's removal from the API. */
  podReleaseMs: readonly number[];
  /** The kubelet lists its node's containers this often. */
  relistPeriodMs: number;
  /** From a change of a pod's condition to the changed EndpointSlice at a node. */
  endpointSliceMs: readonly number[];
  /** How long one sync of a node's kube-proxy takes until its rules hold. */
  proxySyncMs: readonly number[];
  /** kube-proxy's minSyncPeriod. */
  minSyncPeriodMs: number;
  /** From a changed EndpointSlice at the DNS server to its answers with it. */
  dnsMs: readonly number[];
}

export const measuredTimings: Timings = timings;
