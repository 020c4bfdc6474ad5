/** From the flags of `run --on kubernetes` to the workload it restarts and the Service in front of it. Changes nothing. */
import { InputError } from '../../errors.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import { apiError, KubernetesApi } from './api.ts';
import { itemsOf } from './list-items.ts';
import { assertAllowed, RUN_PERMISSIONS } from './preflight.ts';
import { assertRolls, liveManifests, readWorkload, serviceOf, type WorkloadReference } from './workload.ts';

export interface LiveServiceFlags {
  context?: string | undefined;
  namespace?: string | undefined;
  deployment?: string | undefined;
  statefulset?: string | undefined;
  service?: string | undefined;
  url?: string | undefined;
  /** Replaces pods instead of a restart. */
  trigger?: string | undefined;
}

export interface LiveService {
  api: KubernetesApi;
  reference: WorkloadReference;
  url: string;
  manifests: Manifests;
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
  if (name.includes('/')) {
    throw new InputError(
      `run --on kubernetes: --${deployment === undefined ? 'statefulset' : 'deployment'} ${name}: give the name alone, without its kind`,
    );
  }
  assertUrl(url);
  const api = KubernetesApi.connect(flags.context);
  const namespace = flags.namespace ?? api.namespace;
  const reference: WorkloadReference = {
    kind: deployment === undefined ? 'StatefulSet' : 'Deployment',
    name,
    namespace,
  };
  await assertAllowed(api, RUN_PERMISSIONS, { namespace, grantedBy: 'kubernetes/role-run.yaml' });
  const workload = await readWorkload(api, reference);
  if (flags.trigger === undefined) assertRolls(workload, reference);
  const services = await api.core
    .listNamespacedService({ namespace })
    .then(itemsOf)
    .catch((error: unknown) => {
      throw apiError(error, `list the Services of ${namespace}`, api);
    });
  const manifests = liveManifests(workload, serviceOf(workload, services, flags.service, reference), reference);
  return { api, reference, url, manifests };
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
