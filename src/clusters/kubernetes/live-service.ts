/** Finds the workload that `run --on kubernetes` restarts and the Service in front of it, from the flags. Read-only. */
import type { V1Service } from '@kubernetes/client-node';
import { InputError } from '../../errors.ts';
import { loggedWay } from '../../gateways/installed/controller-way.ts';
import type { Manifests } from '../../manifests/manifests.ts';
import type { PlannedDisruption } from '../../trace/disruption.ts';
import { assertPossible } from '../possible-disruption.ts';
import { itemsOf } from './answer.ts';
import { apiError, KubernetesApi } from './api.ts';
import type { ExistingGateway } from './existing-cluster.ts';
import { findLogWriter } from './gateways/controller.ts';
import { assertMayReadLog } from './gateways/permissions.ts';
import { assertAllowed, assertMayDrain, runPermissions } from './preflight.ts';
import {
  assertRolls,
  liveManifests,
  readWorkload,
  serviceOf,
  type WorkloadReference,
  workloadState,
} from './workload.ts';

const KINDS = [
  ['Deployment', 'deployment'],
  ['StatefulSet', 'statefulset'],
  ['DaemonSet', 'daemonset'],
] as const;

/** Disruptions that change the template. */
const ROLLS: readonly PlannedDisruption['kind'][] = ['rollout', 'rollback', 'bad-version'];

export interface LiveServiceFlags {
  context?: string | undefined;
  namespace?: string | undefined;
  deployment?: string | undefined;
  statefulset?: string | undefined;
  daemonset?: string | undefined;
  service?: string | undefined;
  url?: string | undefined;
  /** What is done to the pods; by default, a restart. */
  disruption?: PlannedDisruption | undefined;
  /** NAMESPACE/NAME of the workload that writes the log of the gateway at the URL. */
  gatewayLogs?: string | undefined;
  /** Measures nothing. */
  dryRun?: boolean;
}

export interface LiveService {
  api: KubernetesApi;
  reference: WorkloadReference;
  url: string;
  manifests: Manifests;
  /** How many pods it has; for a DaemonSet, one per node. */
  replicas: number;
  /** Absent if its log is not read. */
  gateway?: ExistingGateway | undefined;
}

/**
 * @throws InputError for flags that name no workload, and for a workload that does not exist
 * @throws EnvironmentError if the cluster does not respond or does not grant the permissions
 */
export async function liveService(flags: LiveServiceFlags, connected?: KubernetesApi): Promise<LiveService> {
  const { url, disruption = { kind: 'rollout' } } = flags;
  const [first] = KINDS.flatMap(([kind, flag]) => {
    const name = flags[flag];
    return name === undefined ? [] : [{ kind, flag, name }];
  });
  if (first === undefined)
    throw new InputError(
      'run --on kubernetes: name the workload to restart with --deployment NAME, --statefulset NAME or --daemonset NAME',
    );
  if (url === undefined) {
    throw new InputError(
      'run --on kubernetes: pass the URL at which users reach the workload with --url (an Ingress, a Gateway, a NodePort)',
    );
  }
  const { kind, name } = first;
  if (name.includes('/')) {
    throw new InputError(`run --on kubernetes: --${first.flag} ${name}: pass only the name, without the kind`);
  }
  assertUrl(url);
  const api = connected ?? KubernetesApi.connect(flags.context);
  const namespace = flags.namespace ?? api.namespace;
  const reference: WorkloadReference = { kind, name, namespace };
  const purpose = { kind, disruption: disruption.kind, dryRun: flags.dryRun === true };
  await assertAllowed(api, runPermissions(purpose), { namespace, grantedBy: 'kubernetes/role-run.yaml' });
  if (disruption.kind === 'drain' && !purpose.dryRun) await assertMayDrain(api);
  const workload = await readWorkload(api, reference);
  if (ROLLS.includes(disruption.kind)) assertRolls(workload, reference);
  const services = await servicesIn(api, namespace);
  const manifests = liveManifests(workload, serviceOf(workload, services, flags.service, reference), reference);
  const { replicas } = workloadState(workload);
  assertPossible(disruption, { kind, replicas, name: `${kind} ${name} in ${namespace}` });
  const gateway = flags.gatewayLogs === undefined ? undefined : await loggedGateway(api, flags.gatewayLogs);
  return { api, reference, url, manifests, replicas, gateway };
}

async function loggedGateway(api: KubernetesApi, text: string): Promise<ExistingGateway> {
  const { name, logs } = loggedWay(text);
  await assertMayReadLog(api, logs);
  const { version, ...writer } = await findLogWriter(api, logs);
  return { name, version, writer };
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
