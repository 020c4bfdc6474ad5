/** Which endpoints gateways' controllers use. Pure. */
import type { EndpointConditions } from '../kubernetes-rules/usable-endpoints.ts';

/** Only those that are ready; a terminating pod never is. If there are none, the gateway has none. */
export function readyOnly<T extends EndpointConditions>(endpoints: readonly T[]): readonly T[] {
  return endpoints.filter(({ podReady, terminating }) => podReady && !terminating);
}
