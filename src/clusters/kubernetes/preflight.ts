/**
 * Checks before anything is created that the API server responds, is new enough, and grants the permissions that are
 * needed.
 */
import { EnvironmentError } from '../../errors.ts';
import type { PlannedDisruption } from '../../trace/disruption.ts';
import { AnswerError } from './answer.ts';
import { apiError, type KubernetesApi } from './api.ts';
import type { WorkloadReference } from './workload.ts';

export interface Permission {
  group: string;
  resource: string;
  verbs: readonly string[];
}

/** Everything that `compare` does on a cluster in a rollout; kubernetes/cluster-role.yaml grants this. */
export const PERMISSIONS: readonly Permission[] = [
  { group: '', resource: 'namespaces', verbs: ['create', 'get', 'list', 'delete'] },
  { group: '', resource: 'serviceaccounts', verbs: ['get'] },
  { group: '', resource: 'services', verbs: ['create', 'get', 'patch'] },
  { group: '', resource: 'configmaps', verbs: ['create'] },
  { group: '', resource: 'pods', verbs: ['list', 'watch', 'deletecollection'] },
  { group: '', resource: 'pods/log', verbs: ['get'] },
  { group: '', resource: 'pods/proxy', verbs: ['get'] },
  { group: '', resource: 'events', verbs: ['list', 'watch'] },
  { group: 'apps', resource: 'deployments', verbs: ['create', 'patch'] },
  { group: 'batch', resource: 'jobs', verbs: ['create'] },
  { group: 'discovery.k8s.io', resource: 'endpointslices', verbs: ['list', 'watch'] },
];

/**
 * What a disruption needs beyond a rollout, in the namespace of the pods. kubernetes/cluster-role.yaml and role-run.yaml
 * grant this too.
 */
export function disruptionPermissions(kind: PlannedDisruption['kind']): Permission[] {
  switch (kind) {
    case 'evict':
    case 'drain':
      return [{ group: '', resource: 'pods/eviction', verbs: ['create'] }];
    case 'delete-pod':
      return [{ group: '', resource: 'pods', verbs: ['delete'] }];
    case 'bad-version':
      return [
        { group: '', resource: 'pods', verbs: ['delete'] },
        { group: 'apps', resource: 'deployments', verbs: ['get'] },
      ];
    case 'restart':
      return [{ group: '', resource: 'pods', verbs: ['create', 'get', 'delete'] }];
    default:
      return [];
  }
}

/** What a drain needs in the whole cluster; kubernetes/cluster-role-drain.yaml grants exactly this. */
export const DRAIN_PERMISSIONS: readonly Permission[] = [
  { group: '', resource: 'nodes', verbs: ['get', 'patch'] },
  { group: '', resource: 'pods', verbs: ['list'] },
  { group: '', resource: 'pods/eviction', verbs: ['create'] },
];

/** What a `run` does with a workload in its namespace. */
export interface RunPurpose {
  kind: WorkloadReference['kind'];
  /** `command`: the user's own command replaces the pods, with a login of its own. */
  disruption: PlannedDisruption['kind'];
  /** It only shows what it would do. */
  dryRun: boolean;
}

const PATCHES: readonly PlannedDisruption['kind'][] = ['rollout', 'rollback', 'bad-version', 'scale-down'];

/** The permissions that such a run needs, and no others. */
export function runPermissions({ kind, disruption, dryRun }: RunPurpose): Permission[] {
  const workload = `${kind.toLowerCase()}s`;
  const patches = PATCHES.includes(disruption) && !dryRun;
  const reads: Permission[] = [
    { group: 'apps', resource: workload, verbs: patches ? ['get', 'patch'] : ['get'] },
    { group: '', resource: 'services', verbs: ['list'] },
  ];
  if (dryRun) return reads;
  return [
    ...reads,
    { group: '', resource: 'pods', verbs: ['list', 'watch'] },
    { group: '', resource: 'events', verbs: ['list', 'watch'] },
    { group: 'discovery.k8s.io', resource: 'endpointslices', verbs: ['list', 'watch'] },
    ...disruptionPermissions(disruption).filter(({ group }) => group === ''),
  ];
}

/** The minor version since which the `sleep` action of preStop is beta and enabled by default (KEP-3960). */
const SLEEP_ACTION_SINCE = 30;

/**
 * Checks the API server's version and the permissions of `compare`.
 * @param disruption what will be done to the pods
 * @returns the server's version: "v1.34.4"
 * @throws EnvironmentError that names what is missing
 */
export async function preflight(
  api: KubernetesApi,
  disruption: PlannedDisruption['kind'] = 'rollout',
): Promise<string> {
  let version: { gitVersion: string; minor: string };
  try {
    version = await api.version.getCode();
    if (typeof version.minor !== 'string') throw new AnswerError('with something other than its version');
  } catch (error) {
    throw apiError(error, 'ask for the version', api);
  }
  const minor = Number.parseInt(version.minor, 10);
  if (minor < SLEEP_ACTION_SINCE) {
    throw new EnvironmentError(
      `${api.context} runs Kubernetes ${version.gitVersion}, which does not support the preStop hook's sleep action: ` +
        `1.${SLEEP_ACTION_SINCE} or later is needed`,
    );
  }
  const permissions = [...PERMISSIONS, ...disruptionPermissions(disruption)];
  await assertAllowed(api, permissions, { grantedBy: 'kubernetes/cluster-role.yaml' });
  if (disruption === 'drain') await assertMayDrain(api);
  return version.gitVersion;
}

/**
 * @param scope the namespace in which the permissions are needed (undefined: all), and the file that grants them
 * @throws EnvironmentError that names every missing verb and resource
 */
export async function assertAllowed(
  api: KubernetesApi,
  permissions: readonly Permission[],
  { namespace, grantedBy }: { namespace?: string; grantedBy: string },
): Promise<void> {
  const missing = await missingPermissions(api, permissions, namespace);
  if (missing.length === 0) return;
  const where = namespace === undefined ? api.context : `${api.context} in namespace ${namespace}`;
  throw new EnvironmentError(`you may not ${missing.join(', ')} on ${where}; ${grantedBy} grants what is needed`);
}

/** @throws EnvironmentError without the permissions that a drain needs in the whole cluster */
export async function assertMayDrain(api: KubernetesApi): Promise<void> {
  await assertAllowed(api, DRAIN_PERMISSIONS, { grantedBy: 'kubernetes/cluster-role-drain.yaml' });
}

async function missingPermissions(
  api: KubernetesApi,
  permissions: readonly Permission[],
  namespace: string | undefined,
): Promise<string[]> {
  const asked = permissions.flatMap(({ group, resource, verbs }) => verbs.map((verb) => ({ group, resource, verb })));
  const answers = await Promise.all(
    asked.map(async ({ group, resource: path, verb }) => {
      const [resource, subresource] = path.split('/');
      const attributes = { group, resource, ...(subresource ? { subresource } : {}), verb, namespace };
      try {
        const review = await api.authorization.createSelfSubjectAccessReview({
          body: { spec: { resourceAttributes: attributes as Record<string, string> } },
        });
        if (typeof review.status?.allowed !== 'boolean') throw new AnswerError('with something other than a review');
        return review.status.allowed ? [] : [`${verb} ${path}`];
      } catch (error) {
        throw apiError(error, 'ask for permissions', api);
      }
    }),
  );
  return answers.flat();
}
