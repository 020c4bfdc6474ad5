/** From the flags of `run --on kubernetes` to the workload it restarts and the requests it sends. Changes nothing. */
import type { KubernetesApi } from '../clusters/kubernetes/api.ts';
import type { WorkloadReference } from '../clusters/kubernetes/workload.ts';
import { InputError } from '../errors.ts';
import { readWorkload as readWorkloadFile } from '../load/workload.ts';
import { effectiveStrategy } from '../manifests/rounding.ts';
import type { Service } from './plan.ts';
import { atRate, type RequestSettings, workloadFromSettings } from './workload.ts';

export interface LiveServiceFlags extends RequestSettings {
  context?: string | undefined;
  namespace?: string | undefined;
  deployment?: string | undefined;
  statefulset?: string | undefined;
  service?: string | undefined;
  url?: string | undefined;
  workload?: string | undefined;
}

export interface LiveService extends Service {
  api: KubernetesApi;
  reference: WorkloadReference;
  url: string;
}

/**
 * @throws InputError for flags that name no workload, and for a workload that is not there
 * @throws EnvironmentError when the cluster cannot be asked, or does not allow what it takes
 */
export async function liveService(flags: LiveServiceFlags): Promise<LiveService> {
  const { deployment, statefulset, url } = flags;
  const name = deployment ?? statefulset;
  if (name === undefined)
    throw new InputError('run --on kubernetes: name what to restart: --deployment or --statefulset NAME');
  if (url === undefined) {
    throw new InputError(
      'run --on kubernetes: where do its users reach it? Give --url (an Ingress, a Gateway, a NodePort)',
    );
  }
  assertUrl(url);
  // Loaded only when asked for: the client library takes most of a second.
  const [{ KubernetesApi, apiError }, { assertAllowed, RUN_PERMISSIONS }, live] = await Promise.all([
    import('../clusters/kubernetes/api.ts'),
    import('../clusters/kubernetes/preflight.ts'),
    import('../clusters/kubernetes/workload.ts'),
  ]);
  const api = KubernetesApi.connect(flags.context);
  const namespace = flags.namespace ?? api.namespace;
  const reference: WorkloadReference = {
    kind: deployment === undefined ? 'StatefulSet' : 'Deployment',
    name,
    namespace,
  };
  await assertAllowed(api, RUN_PERMISSIONS, { namespace, grantedBy: 'kubernetes/role-run.yaml' });
  const workload = await live.readWorkload(api, reference);
  const { items } = await api.core.listNamespacedService({ namespace }).catch((error: unknown) => {
    throw apiError(error, `list the Services of ${namespace}`, api);
  });
  const manifests = live.liveManifests(workload, live.serviceOf(workload, items, flags.service, reference), reference);
  return { api, reference, url, manifests, workload: requests(flags) };
}

/** One URL for all requests: what comes after host and port is the path's. */
function assertUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new InputError(`--url ${text}: must be an address that begins with http:// or https://`);
  }
  if (url.pathname !== '/' || url.search !== '') {
    throw new InputError(
      `--url ${text}: ends with the host and its port; name the path with --path ${url.pathname}${url.search}`,
    );
  }
}

function requests(flags: LiveServiceFlags): Service['workload'] {
  if (flags.workload === undefined) return workloadFromSettings(flags);
  return atRate(readWorkloadFile(flags.workload), flags.ratePerSecond);
}

/** What will be done and to what, a line each. */
export function intentions(
  { api, reference, url, manifests, workload }: LiveService,
  { repeats, trigger }: { repeats: number; trigger: string | undefined },
): string[] {
  const { kind, name, namespace } = reference;
  const { spec } = manifests.deployment;
  const { type, replicas, maxSurge, maxUnavailable } = effectiveStrategy(spec);
  const preStop = spec.template.spec.containers[0]?.lifecycle?.preStop;
  const hook = preStop?.sleep ? `a sleep of ${preStop.sleep.seconds} s` : preStop ? 'a hook' : 'none';
  const strategy =
    kind === 'StatefulSet' ? 'one pod at a time' : `${type}, maxSurge ${maxSurge}, maxUnavailable ${maxUnavailable}`;
  const rate = workload.scenarios.reduce((sum, scenario) => sum + scenario.ratePerSecond, 0);
  const times = repeats === 1 ? 'once' : `${repeats} times`;
  return [
    `context ${api.context}, namespace ${namespace}: ${kind} ${name} behind Service ${manifests.service.metadata.name}`,
    `  ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}; ${strategy}; grace period ${spec.template.spec.terminationGracePeriodSeconds ?? 30} s; preStop: ${hook}`,
    `1. sends ${rate} requests per second to ${url} from this machine, at first without a rollout`,
    trigger === undefined
      ? `2. restarts the ${kind} ${times}, as kubectl rollout restart does (a template annotation)`
      : `2. runs ${times}: ${trigger}`,
    'Nothing else is changed.',
  ];
}
