/** The objects of a namespace, or of all, that decide how rollouts go. Reads, and changes nothing. */
import { AutoscalingV2Api, type KubernetesObject, PolicyV1Api } from '@kubernetes/client-node';
import { apiError, type KubernetesApi } from './api.ts';
import { itemsOf } from './list-items.ts';
import { assertAllowed, type Permission } from './preflight.ts';

const READ = ['list'] as const;
/** What `check` reads; the ClusterRole "view" that every cluster has grants it. */
const CHECK_PERMISSIONS: readonly Permission[] = [
  { group: 'apps', resource: 'deployments', verbs: READ },
  { group: 'apps', resource: 'statefulsets', verbs: READ },
  { group: 'apps', resource: 'daemonsets', verbs: READ },
  { group: '', resource: 'services', verbs: READ },
  { group: '', resource: 'pods', verbs: READ },
  { group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: READ },
  { group: 'policy', resource: 'poddisruptionbudgets', verbs: READ },
];

/** Plain objects, with the API version and kind that the items of a list lack. */
export interface ListedObjects {
  /** Workloads, Services, autoscalers and budgets. */
  objects: unknown[];
  pods: unknown[];
}

/**
 * @param namespace all of them where none is named
 * @throws EnvironmentError when they cannot be read
 */
export async function listObjects(api: KubernetesApi, namespace: string | undefined): Promise<ListedObjects> {
  await assertAllowed(api, CHECK_PERMISSIONS, {
    grantedBy: 'the ClusterRole "view"',
    ...(namespace === undefined ? {} : { namespace }),
  });
  const { apps, core } = api;
  const scaling = api.config.makeApiClient(AutoscalingV2Api);
  const policy = api.config.makeApiClient(PolicyV1Api);
  const here = { namespace: namespace ?? '' };
  const all = namespace === undefined;
  try {
    const [pods, ...lists] = await Promise.all([
      items('v1', 'Pod', all ? core.listPodForAllNamespaces() : core.listNamespacedPod(here)),
      items('apps/v1', 'Deployment', all ? apps.listDeploymentForAllNamespaces() : apps.listNamespacedDeployment(here)),
      items(
        'apps/v1',
        'StatefulSet',
        all ? apps.listStatefulSetForAllNamespaces() : apps.listNamespacedStatefulSet(here),
      ),
      items('apps/v1', 'DaemonSet', all ? apps.listDaemonSetForAllNamespaces() : apps.listNamespacedDaemonSet(here)),
      items('v1', 'Service', all ? core.listServiceForAllNamespaces() : core.listNamespacedService(here)),
      items(
        'autoscaling/v2',
        'HorizontalPodAutoscaler',
        all
          ? scaling.listHorizontalPodAutoscalerForAllNamespaces()
          : scaling.listNamespacedHorizontalPodAutoscaler(here),
      ),
      items(
        'policy/v1',
        'PodDisruptionBudget',
        all ? policy.listPodDisruptionBudgetForAllNamespaces() : policy.listNamespacedPodDisruptionBudget(here),
      ),
    ]);
    return { objects: lists.flat(), pods };
  } catch (error) {
    throw apiError(error, 'list what is there', api);
  }
}

async function items(
  apiVersion: string,
  kind: string,
  list: Promise<{ items: KubernetesObject[] }>,
): Promise<unknown[]> {
  return itemsOf(await list).map((item) => JSON.parse(JSON.stringify({ ...item, apiVersion, kind })) as unknown);
}
