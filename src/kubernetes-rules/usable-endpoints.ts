/** Which pods receive new connections to a Service. */

/** What the EndpointSlice controller derives from the pod behind an endpoint. */
export interface EndpointConditions {
  /** The pod's Ready condition. For a terminating pod this is the endpoint's `serving` condition. */
  podReady: boolean;
  /** The pod has a deletionTimestamp. */
  terminating: boolean;
}

/**
 * The endpoints that kube-proxy uses: the ready ones, or if there are none, those that are terminating but still
 * serving. Source: KEP-1669 (ProxyTerminatingEndpoints, GA in Kubernetes 1.28).
 */
export function usableEndpoints<T extends EndpointConditions>(endpoints: readonly T[]): T[] {
  const ready = endpoints.filter((e) => e.podReady && !e.terminating);
  return ready.length > 0 ? ready : endpoints.filter((e) => e.podReady && e.terminating);
}

/**
 * The endpoints whose addresses DNS returns for a headless Service: only the ready ones. A terminating pod is never
 * among them, even if it is the only pod; the name then does not resolve. Measured with CoreDNS 1.14 on Kubernetes
 * 1.34.
 */
export function resolvableEndpoints<T extends EndpointConditions>(endpoints: readonly T[]): T[] {
  return endpoints.filter((e) => e.podReady && !e.terminating);
}
