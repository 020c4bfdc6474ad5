/** Where the trials of a comparison run, and what loads them there. */
import type { ClusterWay } from '../clusters/kubernetes/gateways/chosen-gateways.ts';
import { LocalCluster } from '../clusters/local/local-cluster.ts';
import type { LocalImage } from '../clusters/local/pod-spec.ts';
import { InputError } from '../errors.ts';
import { onThisMachine } from '../gateways/way.ts';
import { builtinLoad } from '../load/builtin/builtin.ts';
import { k6Load } from '../load/k6/k6.ts';
import type { Manifests } from '../manifests/manifests.ts';
import type { Runtime } from '../manifests/overlays.ts';
import type { PlannedDisruption } from '../trace/disruption.ts';
import { atMost, Pace } from './pace.ts';
import { pinnedRuntime } from './pinned-runtime.ts';
import type { PlannedTrial } from './plan-comparison.ts';
import { processorRoom } from './processor-room.ts';
import type { TrialsBackend } from './run-trials.ts';
import type { InstallOptions } from './runtime-cache.ts';
import { chosenRuntime } from './runtime-choice.ts';
import type { RuntimeUnderTest } from './runtimes.ts';

export interface Backend extends TrialsBackend<PlannedTrial> {
  /** "local" or the kubeconfig context. */
  name: string;
  /** @throws the signal's reason when aborted while one is being installed */
  runtime(name: Runtime, signal: AbortSignal): Promise<RuntimeUnderTest>;
}

/** How many cores a trial of this project's app keeps busy, until this machine shows what it is here. */
export const CORES_EACH = { builtin: 0.25, k6: 0.5, gateway: 0.6 };

export interface LocalOptions {
  /** Whether some of the trials have a gateway, which needs processors too. */
  throughGateway?: boolean;
  onProgress: NonNullable<InstallOptions['onProgress']>;
}

/** Real processes on this machine; of the runtimes pinned here, or of those chosen instead. */
export function localBackend(
  loadName: 'builtin' | 'k6',
  choices: Partial<Record<Runtime, string>>,
  { throughGateway = false, onProgress }: LocalOptions,
): Backend {
  return {
    name: 'local',
    load: loadName === 'k6' ? k6Load : builtinLoad,
    pace: new Pace(processorRoom(CORES_EACH[throughGateway ? 'gateway' : loadName])),
    async runtime(name, signal) {
      const choice = choices[name];
      return choice === undefined
        ? pinnedRuntime(name, { signal, onProgress })
        : chosenRuntime(name, choice, { signal, onProgress });
    },
    mayMeasureAgain: true,
    clusterFor: ({ runtime, identity, manifests, gateway }) =>
      new LocalCluster({
        images: imagesFor(manifests, runtime.command),
        seed: identity.seed,
        gateway: onThisMachine(gateway),
      }),
  };
}

export interface KubernetesOptions {
  context?: string;
  /** What namespaces' names begin with. */
  namespace: string;
  images?: string;
  k6Image: string;
  loadPods: number;
  /** Load comes from this machine to there. */
  url?: string;
  load?: 'builtin' | 'k6';
  /** What will be done to the pods; it decides which permissions are needed. */
  disruption?: PlannedDisruption['kind'];
  /** The ways that the load goes; gateways need permissions too. */
  ways?: readonly ClusterWay[];
  /** Called with the left-over namespaces that were deleted, and with a sentence for each that may be left over. */
  onCleanUp(deleted: readonly string[], doubtful: readonly string[]): void;
}

/**
 * The cluster of a kubeconfig context, one trial at a time: two rollouts at once would share their routers' syncs.
 * @throws ProgramError when it cannot be used as it must be
 */
export async function kubernetesBackend(options: KubernetesOptions): Promise<Backend> {
  // Loaded only when asked for: the client library takes most of a second.
  const [
    { KubernetesApi },
    { preflight },
    { chosenGateways },
    { deleteLeftNamespaces },
    { KubernetesCluster },
    { checkUrlTemplate },
    { k6JobLoad },
  ] = await Promise.all([
    import('../clusters/kubernetes/api.ts'),
    import('../clusters/kubernetes/preflight.ts'),
    import('../clusters/kubernetes/gateways/chosen-gateways.ts'),
    import('../clusters/kubernetes/namespaces.ts'),
    import('../clusters/kubernetes/kubernetes-cluster.ts'),
    import('../clusters/kubernetes/objects.ts'),
    import('../load/k6/k6-job.ts'),
  ]);
  const { url, images, load, ways = [] } = options;
  const behindOwn = ways.some((way) => way !== undefined && 'parent' in way);
  if (url !== undefined) checkUrlTemplate(url, behindOwn);
  if (url === undefined && load === 'builtin') {
    throw new InputError(
      "--load builtin runs on this machine, which cannot reach a cluster's Service: give its --url, or use --load k6",
    );
  }
  const api = KubernetesApi.connect(options.context);
  await preflight(api, options.disruption);
  const gatewayOf = await chosenGateways(api, ways);
  const left = await deleteLeftNamespaces(api);
  options.onCleanUp(left.deleted, left.doubtful);
  const cluster = {
    api,
    namespacePrefix: options.namespace,
    ...(images === undefined ? {} : { imagePrefix: images }),
    ...(url === undefined ? {} : { url }),
  };
  const fromHere = load === 'k6' ? k6Load : builtinLoad;
  return {
    name: api.context,
    load: url === undefined ? k6JobLoad({ api, image: options.k6Image, pods: options.loadPods }) : fromHere,
    pace: new Pace(atMost(1)),
    // The image decides on the version; the app says it in its log.
    runtime: async (name) => ({ name, version: '', command: [] }),
    mayMeasureAgain: true,
    clusterFor: ({ gateway }) => new KubernetesCluster({ ...cluster, gateway: gatewayOf(gateway) }),
  };
}

/** Our overlays have one container. */
function imagesFor({ workload }: Manifests, command: readonly string[]): Record<string, LocalImage> {
  return Object.fromEntries(workload.spec.template.spec.containers.map(({ name }) => [name, { command }]));
}
