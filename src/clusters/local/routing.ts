/** How new connections find ready pods: through kube-proxy or, for a headless Service, through DNS. */
import { resolvableEndpoints, usableEndpoints } from '../../kubernetes-rules/usable-endpoints.ts';
import type { Routing } from './router.ts';
import type { Timings } from './timings.ts';

export function kubeProxyRouting({ endpointSliceMs, proxySyncMs, minSyncPeriodMs }: Timings): Routing {
  return { endpointSliceMs, syncMs: proxySyncMs, minSyncPeriodMs, choose: usableEndpoints };
}

/** Like CoreDNS, which answers from the EndpointSlices that it watches, with clients that do not cache answers. */
export function dnsRouting({ endpointSliceMs, dnsMs }: Timings): Routing {
  return { endpointSliceMs, syncMs: dnsMs, minSyncPeriodMs: 0, choose: resolvableEndpoints };
}
