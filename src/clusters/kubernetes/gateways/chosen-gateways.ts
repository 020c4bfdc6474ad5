/** The gateways of a run on a cluster: made sure of before the first trial, and found again for each. */
import type { ControllerWay } from '../../../gateways/installed/controller-way.ts';
import { type ChosenGateway, type ClusterGateway, onCluster } from '../../../gateways/way.ts';
import type { KubernetesApi } from '../api.ts';
import { type Controller, findController } from './controller.ts';
import { assertMayStart } from './permissions.ts';

/** Undefined stands for the direct way. */
export type ClusterWay = ClusterGateway | ControllerWay | undefined;

/**
 * @returns what a trial's gateway is on this cluster
 * @throws EnvironmentError if permissions are missing, or what the user named is not there; InputError if it cannot be used
 */
export async function chosenGateways(
  api: KubernetesApi,
  ways: readonly ClusterWay[],
): Promise<(gateway: ChosenGateway | undefined) => ClusterGateway | Controller | undefined> {
  await assertMayStart(
    api,
    ways.filter((way) => way !== undefined && 'image' in way),
  );
  const named = ways.find((way) => way !== undefined && 'parent' in way);
  const controller = named && (await findController(api, named));
  return (gateway) => (gateway && 'parent' in gateway ? controller : onCluster(gateway));
}
