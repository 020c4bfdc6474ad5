/** What must hold before anything is created: the API server answers, is new enough, and allows what we are about to do. */
import { EnvironmentError } from '../../errors.ts';
import { AnswerError } from './answer.ts';
import { apiError, type KubernetesApi } from './api.ts';

export interface Permission {
  group: string;
  resource: string;
  verbs: readonly string[];
}

/** Everything `compare` does on a cluster; kubernetes/cluster-role.yaml grants exactly this. */
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

/** What one run of `run` does with a workload in its namespace. */
export interface RunPurpose {
  kind: 'Deployment' | 'StatefulSet';
  /** The user's own command replaces the pods, with a login of its own. */
  trigger: boolean;
  /** It only says what it would do. */
  dryRun: boolean;
}

/** Everything that such a run asks of the API server, and no more. */
export function runPermissions({ kind, trigger, dryRun }: RunPurpose): Permission[] {
  const workload = kind === 'Deployment' ? 'deployments' : 'statefulsets';
  const reads: Permission[] = [
    { group: 'apps', resource: workload, verbs: trigger || dryRun ? ['get'] : ['get', 'patch'] },
    { group: '', resource: 'services', verbs: ['list'] },
  ];
  if (dryRun) return reads;
  return [
    ...reads,
    { group: '', resource: 'pods', verbs: ['list', 'watch'] },
    { group: '', resource: 'events', verbs: ['list', 'watch'] },
    { group: 'discovery.k8s.io', resource: 'endpointslices', verbs: ['list', 'watch'] },
  ];
}

/** The `sleep` action of preStop: beta, and on by default, from here on (KEP-3960). */
const SLEEP_ACTION_SINCE = 30;

/**
 * Asks the API server for its version and for the permissions of `compare`.
 * @returns the server's version: "v1.34.4"
 * @throws EnvironmentError naming what is missing
 */
export async function preflight(api: KubernetesApi): Promise<string> {
  let version: { gitVersion: string; minor: string };
  try {
    version = await api.version.getCode();
    if (typeof version.minor !== 'string') throw new AnswerError('with something else than its version');
  } catch (error) {
    throw apiError(error, 'ask for the version', api);
  }
  const minor = Number.parseInt(version.minor, 10);
  if (minor < SLEEP_ACTION_SINCE) {
    throw new EnvironmentError(
      `${api.context} runs Kubernetes ${version.gitVersion}, which does not know the preStop hook's sleep action: ` +
        `it takes 1.${SLEEP_ACTION_SINCE} or later`,
    );
  }
  await assertAllowed(api, PERMISSIONS, { grantedBy: 'kubernetes/cluster-role.yaml' });
  return version.gitVersion;
}

/**
 * @param scope the namespace it is to be allowed in (all, where none is named), and the file that grants it
 * @throws EnvironmentError naming every verb and resource that is missing
 */
export async function assertAllowed(
  api: KubernetesApi,
  permissions: readonly Permission[],
  { namespace, grantedBy }: { namespace?: string; grantedBy: string },
): Promise<void> {
  const missing = await missingPermissions(api, permissions, namespace);
  if (missing.length === 0) return;
  const where = namespace === undefined ? api.context : `${api.context} in namespace ${namespace}`;
  throw new EnvironmentError(`you may not ${missing.join(', ')} on ${where}; ${grantedBy} grants what it takes`);
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
        if (typeof review.status?.allowed !== 'boolean') throw new AnswerError('with something else than a review');
        return review.status.allowed ? [] : [`${verb} ${path}`];
      } catch (error) {
        throw apiError(error, 'ask for permissions', api);
      }
    }),
  );
  return answers.flat();
}
