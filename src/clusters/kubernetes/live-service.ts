/** From the flags of `run --on kubernetes` to the workload it restarts and the Service in front of it. Changes nothing. */
import type { V1Service } from '@kubernetes/client-node';
import { InputError } from '../../errors.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import { itemsOf } from './answer.ts';
import { apiError, KubernetesApi } from './api.ts';
import { assertAllowed, runPermissions } from './preflight.ts';
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
  /** Nothing is measured. */
  dryRun?: boolean;
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
export async function liveService(flags: LiveServiceFlags, connected?: KubernetesApi): Promise<LiveService> {
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
  const api = connected ?? KubernetesApi.connect(flags.context);
  const namespace = flags.namespace ?? api.namespace;
  const reference: WorkloadReference = {
    kind: deployment === undefined ? 'StatefulSet' : 'Deployment',
    name,
    namespace,
  };
  const purpose = { kind: reference.kind, trigger: flags.trigger !== undefined, dryRun: flags.dryRun === true };
  await assertAllowed(api, runPermissions(purpose), { namespace, grantedBy: 'kubernetes/role-run.yaml' });
  const workload = await readWorkload(api, reference);
  if (flags.trigger === undefined) assertRolls(workload, reference);
  const services = await servicesIn(api, namespace);
  const manifests = liveManifests(workload, serviceOf(workload, services, flags.service, reference), reference);
  return { api, reference, url, manifests };
}

async function servicesIn(api: KubernetesApi, namespace: string): Promise<V1Service[]> {
  try {
    return itemsOf(await api.core.listNamespacedService({ namespace }), 'services');
  } catch (error) {
    throw apiError(error, `list the Services of ${namespace}`, api);
  }
}

/** One URL for all requests: what comes after host and port is the path's. */
function assertUrl(text: string): void {
  // The parser drops line ends and tabs, which k6 would be given.
  const url = /^[\x21-\x7e]+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new InputError(`--url ${text}: must be an address that begins with http:// or https://`);
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || text.includes('#')) {
    throw new InputError(
      `--url ${text}: ends with the host and its port; name the path with --path ${url.pathname}${url.search}`,
    );
  }
}
