/** Which pods new connections to a Service go to. */

/** What the EndpointSlice controller derives from an endpoint's pod. */
export interface EndpointConditions {
  /** The pod's Ready condition; while terminating this is the endpoint's `serving`. */
  podReady: boolean;
  /** The pod has a deletionTimestamp. */
  terminating: boolean;
}

/**
 * The endpoints kube-proxy uses: the ready ones, and only when there is none, those that are terminating but still
 * serving. Source: KEP-1669 (ProxyTerminatingEndpoints, GA in Kubernetes 1.28).
 */
export function usableEndpoints<T extends EndpointConditions>(endpoints: readonly T[]): T[] {
  const ready = endpoints.filter((e) => e.podReady && !e.terminating);
  return ready.length > 0 ? ready : endpoints.filter((e) => e.podReady && e.terminating);
}

/**
 * The endpoints whose addresses DNS gives for a headless Service: the ready ones alone. A terminating pod is never among
 * them, not even where there is no other: the name is not found then. Measured with CoreDNS 1.14 on Kubernetes 1.34.
 */
export function resolvableEndpoints<T extends EndpointConditions>(endpoints: readonly T[]): T[] {
  return endpoints.filter((e) => e.podReady && !e.terminating);
}
