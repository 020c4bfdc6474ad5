/** A user's manifests on a cluster, in a namespace of their own: what is applied, and what measures it there. */

import { KubernetesApi } from '../clusters/kubernetes/api.ts';
import { type ApiResource, ApiResources } from '../clusters/kubernetes/api-resources.ts';
import { type ClusterWay, chosenGateways } from '../clusters/kubernetes/gateways/chosen-gateways.ts';
import { KubernetesCluster } from '../clusters/kubernetes/kubernetes-cluster.ts';
import { deleteLeftNamespaces } from '../clusters/kubernetes/namespaces.ts';
import { type PlacedObjects, placeOwnObjects } from '../clusters/kubernetes/own-objects.ts';
import { assertAllowed, preflight } from '../clusters/kubernetes/preflight.ts';
import { InputError } from '../errors.ts';
import { isHeadless } from '../kubernetes-rules/ports.ts';
import { effectiveStrategy } from '../kubernetes-rules/rounding.ts';
import { k6JobLoad } from '../load/k6/k6-job.ts';
import { withFloor } from '../manifests/autoscaler-floor.ts';
import { type ManifestInput, readInput } from '../manifests/manifest-input.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { readManifestsWithinLimits } from '../manifests/read-limited.ts';
import type { PlannedDisruption } from '../trace/disruption.ts';
import { atMost, Pace } from '../trials/pace.ts';
import type { TrialsBackend } from '../trials/run-trials.ts';
import type { TrialPlan } from '../trials/trial.ts';
import { type SelectionFlags, workloadOf } from './selection-flags.ts';

export interface OwnNamespaceFlags extends ManifestInput, SelectionFlags {
  context?: string | undefined;
  k6Image: string;
}

export interface OwnNamespace extends PlacedObjects {
  api: KubernetesApi;
  manifests: Manifests;
}

/** What the names of the namespaces begin with. */
const PREFIX = 'rollout-test';

/**
 * Reads the manifests and asks the cluster where their objects belong. Changes nothing.
 * @throws InputError for manifests that cannot be measured in a namespace of their own
 * @throws EnvironmentError if the cluster does not respond
 */
export async function ownNamespace(flags: OwnNamespaceFlags): Promise<OwnNamespace> {
  const choice = { workload: workloadOf(flags), service: flags.service, namespace: flags.namespace };
  const manifests = withFloor(await readManifestsWithinLimits(await readInput(flags), choice));
  const { source, service, workload, objects } = manifests;
  if (isHeadless(service)) {
    throw new InputError(
      `${source}: Service "${service.metadata.name}" is headless, and the load goes to a cluster IP; name another one with --service`,
    );
  }
  const name = `${workload.kind} "${workload.metadata.name}"`;
  if (workload.kind === 'DaemonSet') {
    throw new InputError(
      `${source}: ${name} has a pod on every node; measure it where it runs, with --daemonset NAME --url URL and without -k and -f`,
    );
  }
  if (effectiveStrategy(workload).replicas === 0) {
    throw new InputError(`${source}: ${name} has 0 replicas; nothing would be replaced`);
  }
  const api = KubernetesApi.connect(flags.context);
  const resources = new ApiResources(api);
  const assumed = flags.assume ?? [];
  const placed = await placeOwnObjects(objects, { source, assumed }, (version, kind) => resources.find(version, kind));
  return { api, manifests, ...placed, notes: [...manifests.notes, ...placed.notes] };
}

/**
 * What measures them: one trial at a time, each in a namespace of its own, with the load in it.
 * @param onCleanUp called with the namespaces that earlier runs had left behind
 * @throws EnvironmentError if the cluster is too old, permissions are missing, or a gateway that was named is not there
 */
export async function ownNamespaceBackend(
  { api, objects, resources }: OwnNamespace,
  { k6Image, disruption, ways }: { k6Image: string; disruption: PlannedDisruption; ways: readonly ClusterWay[] },
  onCleanUp: (deleted: readonly string[], doubtful: readonly string[]) => void,
): Promise<TrialsBackend<TrialPlan>> {
  await preflight(api, disruption.kind);
  await assertAllowed(api, resources.map(mayApply), { grantedBy: 'the ClusterRole admin' });
  const gatewayOf = await chosenGateways(api, ways);
  const left = await deleteLeftNamespaces(api);
  onCleanUp(left.deleted, left.doubtful);
  return {
    load: k6JobLoad({ api, image: k6Image, pods: 1 }),
    // Two rollouts at once would share their routers' syncs.
    pace: new Pace(atMost(1)),
    mayMeasureAgain: true,
    clusterFor: ({ gateway }) =>
      new KubernetesCluster({ api, namespacePrefix: PREFIX, ownObjects: objects, gateway: gatewayOf(gateway) }),
  };
}

/** Server-side apply creates by a patch. */
function mayApply({ group, resource }: ApiResource) {
  return { group, resource, verbs: ['create', 'patch'] };
}

/** What will be done, one line each, without a cluster being changed. */
export function placementLines(
  { api, manifests, objects, notes }: OwnNamespace,
  ways: readonly ClusterWay[],
): string[] {
  const { workload, service } = manifests;
  const counts = new Map<string, number>();
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kinds = [...counts].map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`));
  return [
    `context ${api.context}: ${workload.kind} ${workload.metadata.name} behind Service ${service.metadata.name}, in a new namespace ${PREFIX}-…`,
    `  applies ${kinds.join(', ')}`,
    ...ways.flatMap((way) => (way ? [`  sends the load through ${way.name}`] : [])),
    ...notes.map((note) => `  ${note}`),
  ];
}
