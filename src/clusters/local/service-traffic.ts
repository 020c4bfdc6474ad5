/** Which pods and nodes the settings of the Service leave to choose from. Pure. */

import type { Service } from '../../kubernetes-rules/objects.ts';
import { isHeadless } from '../../kubernetes-rules/ports.ts';
import type { EndpointState } from './router.ts';

/** An endpoint and the node of its pod. */
export interface PlacedEndpoint extends EndpointState {
  node: string;
}

/**
 * The endpoints as the EndpointSlices have them. With publishNotReadyAddresses every pod is in service, whether it is
 * ready, starting or terminating. Source: podToEndpoint in staging/src/k8s.io/endpointslice.
 */
export function publishedEndpoints({ spec }: Service, endpoints: readonly PlacedEndpoint[]): PlacedEndpoint[] {
  if (spec.publishNotReadyAddresses !== true) return [...endpoints];
  return endpoints.map((endpoint) => ({ ...endpoint, podReady: true, terminating: false }));
}

/**
 * Whether each node sends requests to its own pods only. The requests are those from outside, so internalTrafficPolicy
 * does not matter. A headless Service has no kube-proxy that could.
 */
export function staysOnNode(service: Service): boolean {
  return service.spec.externalTrafficPolicy === 'Local' && !isHeadless(service);
}

/**
 * The nodes that a load balancer sends requests to: those with a ready pod, as kube-proxy's health check says; all of
 * them if there is none. A real load balancer learns of it later, with its next health checks.
 */
export function healthyNodes<T extends { view: readonly EndpointState[] }>(nodes: readonly T[]): readonly T[] {
  const healthy = nodes.filter(({ view }) => view.some(({ podReady, terminating }) => podReady && !terminating));
  return healthy.length > 0 ? healthy : nodes;
}
