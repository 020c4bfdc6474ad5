/** Which pods a Service's EndpointSlices tell the routers to use. Pure. */
import type { V1EndpointSlice } from '@kubernetes/client-node';
import { type EndpointState, usableEndpoints } from '../../kubernetes-rules/usable-endpoints.ts';

/**
 * The names of the pods, sorted. `serving` is absent on old slices, where `ready` says it.
 * @param nameOf what a pod is called here, by its uid and its name
 */
export function podsInSlices(
  slices: readonly V1EndpointSlice[],
  nameOf: (uid: string | undefined, name: string) => string = (_, name) => name,
): string[] {
  const endpoints = slices.flatMap((slice) =>
    (slice.endpoints ?? []).map(
      ({ addresses, conditions, targetRef }): EndpointState => ({
        pod: nameOf(targetRef?.uid, targetRef?.name ?? ''),
        host: addresses[0] ?? '',
        port: slice.ports?.[0]?.port ?? 0,
        podReady: conditions?.serving ?? conditions?.ready ?? true,
        terminating: conditions?.terminating ?? false,
      }),
    ),
  );
  return usableEndpoints(endpoints)
    .map(({ pod }) => pod)
    .sort();
}
