/** Which pods a Service's EndpointSlices tell the routers to use. Pure. */
import type { V1EndpointSlice } from '@kubernetes/client-node';
import { usableEndpoints } from '../../kubernetes-rules/usable-endpoints.ts';

/**
 * The uids of the pods, sorted. `serving` is absent on old slices, where `ready` says it.
 */
export function podsInSlices(slices: readonly V1EndpointSlice[]): string[] {
  // A slice without endpoints has null for them, whatever its type says.
  const endpoints = slices.flatMap((slice) =>
    (slice.endpoints ?? []).map(({ conditions, targetRef }) => ({
      uid: targetRef?.uid ?? targetRef?.name ?? '',
      podReady: conditions?.serving ?? conditions?.ready ?? true,
      terminating: conditions?.terminating ?? false,
    })),
  );
  return usableEndpoints(endpoints)
    .map(({ uid }) => uid)
    .sort();
}
