/**
 * Records one rollout of an overlay as a cluster's API server reports it, for test/kubernetes/replay.test.ts: each
 * change of pods, EndpointSlices and events, and the pods' logs, with the times at which they arrived. Uses the current
 * context, whose nodes must have the overlay's image.
 *
 *   npx tsx tools/record-rollout.ts OVERLAY FILE
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type KubernetesObject, PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import { FIELD_MANAGER, KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { createNamespace, deleteNamespace } from '../src/clusters/kubernetes/namespaces.ts';
import { objectsFor } from '../src/clusters/kubernetes/objects.ts';
import { linesOf } from '../src/clusters/kubernetes/response-lines.ts';
import { watchEvents } from '../src/clusters/kubernetes/watch-events.ts';
import { readWorkload, workloadState } from '../src/clusters/kubernetes/workload.ts';
import { readManifests } from '../src/manifests/manifests.ts';
import { readRendered } from '../src/manifests/render-files.ts';
import { startClock } from '../src/trace/clock.ts';

/** How long to record after the rollout, for the last EndpointSlices and events, in ms. */
const AFTER_MS = 3000;

const [overlay = '', file = ''] = process.argv.slice(2);
if (!overlay || !file) throw new Error('usage: record-rollout.ts OVERLAY FILE');
const api = KubernetesApi.connect();
const kubernetes = (await api.version.getCode()).gitVersion;
const manifests = readManifests(readRendered(overlay), overlay);
const { name } = manifests.workload.metadata;
const namespace = await createNamespace(api, 'record');
const clock = startClock();
const ending = new AbortController();
const changes: object[] = [];
const logs: Record<string, string[]> = {};
const present = new Set<string>();

/** Fields that differ between machines, or that nobody needs. */
function scrubbed({ metadata, ...object }: KubernetesObject & { spec?: unknown }): object {
  const { managedFields: _, annotations: __, namespace: ___, ...kept } = (metadata ?? {}) as Record<string, unknown>;
  const { spec } = object as unknown as V1Pod;
  if (!spec?.containers) return { ...object, metadata: kept };
  const containers = spec.containers.map(({ name, image, ports }) => ({ name, image, ports }));
  return { ...object, metadata: kept, spec: { nodeName: spec.nodeName, containers } };
}

async function record(
  resource: string,
  path: string,
  list: () => Promise<{ metadata?: { resourceVersion?: string } }>,
) {
  const resourceVersion = (await list()).metadata?.resourceVersion ?? '';
  const watch = async () => {
    for await (const { type, object } of watchEvents(api, path, { resourceVersion }, ending.signal)) {
      if (type === 'BOOKMARK') continue;
      changes.push({ atMs: Math.round(clock.nowMs()), resource, type, object: scrubbed(object) });
      if (resource === 'pods') notePod(type, object as V1Pod);
    }
  };
  watch().catch((error: unknown) => {
    if (!ending.signal.aborted) throw error;
  });
}

function notePod(type: string, { metadata, spec, status }: V1Pod): void {
  const pod = metadata?.name ?? '';
  if (type === 'DELETED') present.delete(pod);
  else present.add(pod);
  const started = status?.containerStatuses?.some(({ state }) => state?.running);
  if (!started || logs[pod]) return;
  const lines: string[] = [];
  logs[pod] = lines;
  const query = { container: spec?.containers[0]?.name ?? '', follow: 'true', timestamps: 'true' };
  const follow = async () => {
    const response = await api.get(`/api/v1/namespaces/${namespace}/pods/${pod}/log`, query, ending.signal);
    for await (const line of linesOf(response, 16_384)) lines.push(line.replaceAll(namespace, 'ns'));
  };
  follow().catch((error: unknown) => console.error(`the log of ${pod} ended: ${error}`));
}

/** Resolves once the rollout is complete and no old pod is left. */
async function complete(): Promise<void> {
  for (;;) {
    const state = workloadState(await readWorkload(api, { kind: 'Deployment', name, namespace }));
    if (state.complete && present.size === state.replicas) return;
    await delay(200);
  }
}

try {
  const core = `/api/v1/namespaces/${namespace}`;
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  await record('pods', `${core}/pods`, () => api.core.listNamespacedPod({ namespace }));
  await record('endpointslices', slices, () => api.discovery.listNamespacedEndpointSlice({ namespace }));
  await record('events', `${core}/events`, () => api.core.listNamespacedEvent({ namespace }));
  for (const object of objectsFor(manifests, { namespace })) {
    await api.objects.patch(object, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
  }
  await complete();
  await delay(AFTER_MS);
  const rolloutAtMs = Math.round(clock.nowMs());
  await api.apps.patchNamespacedDeployment(
    { name, namespace, body: { spec: { template: { metadata: { annotations: { rollout: '1' } } } } } },
    setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
  );
  await delay(AFTER_MS); // until the controller has seen it
  await complete();
  await delay(AFTER_MS);
  ending.abort();
  const head = { kubernetes, overlay, startedAtEpochMs: Math.round(clock.startedAtEpochMs), rolloutAtMs };
  const lines = changes.map((change) => JSON.stringify(change).replaceAll(namespace, 'ns')).join(',\n');
  writeFileSync(
    file,
    `${JSON.stringify(head).slice(0, -1)},\n"logs":${JSON.stringify(logs, null, 1)},\n"changes":[\n${lines}\n]}\n`,
  );
} finally {
  ending.abort();
  await deleteNamespace(api, namespace);
}
