/** Which pods a Service sends new connections to. */

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
