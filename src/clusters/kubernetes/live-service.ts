/** Finds the workload that `run --on kubernetes` restarts and the Service in front of it, from the flags. Read-only. */
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
  /** A command that replaces the pods, instead of a restart. */
  trigger?: string | undefined;
  /** Measures nothing. */
  dryRun?: boolean;
}

export interface LiveService {
  api: KubernetesApi;
  reference: WorkloadReference;
  url: string;
  manifests: Manifests;
}

/**
 * @throws InputError for flags that name no workload, and for a workload that does not exist
 * @throws EnvironmentError if the cluster does not respond or does not grant the permissions
 */
export async function liveService(flags: LiveServiceFlags, connected?: KubernetesApi): Promise<LiveService> {
  const { deployment, statefulset, url } = flags;
  const name = deployment ?? statefulset;
  if (name === undefined)
    throw new InputError(
      'run --on kubernetes: name the workload to restart with --deployment NAME or --statefulset NAME',
    );
  if (url === undefined) {
    throw new InputError(
      'run --on kubernetes: pass the URL at which users reach the workload with --url (an Ingress, a Gateway, a NodePort)',
    );
  }
  if (name.includes('/')) {
    throw new InputError(
      `run --on kubernetes: --${deployment === undefined ? 'statefulset' : 'deployment'} ${name}: pass only the name, without the kind`,
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

/** Checks that the URL ends after host and port, because the requests have paths of their own. */
function assertUrl(text: string): void {
  // The URL parser drops line breaks and tabs, but k6 would get them.
  const url = /^[\x21-\x7e]+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new InputError(`--url ${text}: must be an address that begins with http:// or https://`);
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || text.includes('#')) {
    throw new InputError(
      `--url ${text}: must end with the host and its port; pass the path with --path ${url.pathname}${url.search}`,
    );
  }
}
