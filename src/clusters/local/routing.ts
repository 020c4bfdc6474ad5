/** The two ways from a pod's readiness to new connections: through kube-proxy, and for a headless Service through DNS. */
import { resolvableEndpoints, usableEndpoints } from '../../kubernetes-rules/usable-endpoints.ts';
import type { Routing } from './router.ts';
import type { Timings } from './timings.ts';

export function kubeProxyRouting({ endpointSliceMs, proxySyncMs, minSyncPeriodMs }: Timings): Routing {
  return { endpointSliceMs, syncMs: proxySyncMs, minSyncPeriodMs, choose: usableEndpoints };
}

/** As with CoreDNS, which answers from the EndpointSlices that it watches, asked by clients that keep no answer. */
export function dnsRouting({ endpointSliceMs, dnsMs }: Timings): Routing {
  return { endpointSliceMs, syncMs: dnsMs, minSyncPeriodMs: 0, choose: resolvableEndpoints };
}
