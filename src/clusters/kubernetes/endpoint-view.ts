/** Which pods the routers should use according to a Service's EndpointSlices. Pure. */
import type { V1EndpointSlice } from '@kubernetes/client-node';
import { type EndpointConditions, usableEndpoints } from '../../kubernetes-rules/usable-endpoints.ts';

/**
 * The uids of these pods, sorted. If a slice has no `serving` conditions, `ready` counts instead.
 * @param choose which endpoints the router uses; by default, those that kube-proxy does
 */
export function podsInSlices(
  slices: readonly V1EndpointSlice[],
  choose: <T extends EndpointConditions>(endpoints: readonly T[]) => readonly T[] = usableEndpoints,
): string[] {
  // In a slice without endpoints the field is null, although its type does not allow that.
  const endpoints = slices.flatMap((slice) =>
    (slice.endpoints ?? []).map(({ conditions, targetRef }) => ({
      uid: targetRef?.uid ?? targetRef?.name ?? '',
      podReady: conditions?.serving ?? conditions?.ready ?? true,
      terminating: conditions?.terminating ?? false,
    })),
  );
  return choose(endpoints)
    .map(({ uid }) => uid)
    .sort();
}
