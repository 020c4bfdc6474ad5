/** Lists the objects that affect rollouts, of one namespace or of all. Read-only. */
import { EnvironmentError } from '../../errors.ts';
import { AnswerError, isObject, itemsOf } from './answer.ts';
import { apiError, type KubernetesApi } from './api.ts';
import { assertAllowed, type Permission } from './preflight.ts';

const READ = ['list'] as const;
/** What `check` reads; the ClusterRole "view", which every cluster has, grants it. */
const CHECK_PERMISSIONS: readonly Permission[] = [
  { group: 'apps', resource: 'deployments', verbs: READ },
  { group: 'apps', resource: 'statefulsets', verbs: READ },
  { group: 'apps', resource: 'daemonsets', verbs: READ },
  { group: '', resource: 'services', verbs: READ },
  { group: '', resource: 'pods', verbs: READ },
  { group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: READ },
  { group: 'policy', resource: 'poddisruptionbudgets', verbs: READ },
];

/** The kinds of which every object is checked. Pods only serve as samples. */
const KINDS = [
  { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet', resource: 'statefulsets' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', resource: 'daemonsets' },
  { apiVersion: 'v1', kind: 'Service', resource: 'services' },
  { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', resource: 'horizontalpodautoscalers' },
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', resource: 'poddisruptionbudgets' },
] as const;
const POD = { apiVersion: 'v1', kind: 'Pod', resource: 'pods' } as const;
type Kind = (typeof KINDS)[number] | typeof POD;

const MB = 2 ** 20;
/** Objects per page: a response of a large cluster then has a few MB and arrives in time. */
const PAGE = 250;
const MAX_SHORT_PAGES = 10;
const PAGE_BYTES = 16 * MB;
/** The limits on what a check reads and holds in memory. */
const MAX_OBJECTS = 100_000;
const MAX_BYTES = 96 * MB;
const MAX_MS = 60_000;

/** Plain objects with apiVersion and kind, which the items of a list lack. */
export interface ListedObjects {
  /** Workloads, Services, autoscalers and budgets. */
  objects: unknown[];
  pods: unknown[];
}

/**
 * @param namespace undefined: all namespaces
 * @throws EnvironmentError if the objects cannot be read or are too many
 */
export async function listObjects(api: KubernetesApi, namespace: string | undefined): Promise<ListedObjects> {
  await assertAllowed(api, CHECK_PERMISSIONS, {
    grantedBy: 'the ClusterRole "view"',
    ...(namespace === undefined ? {} : { namespace }),
  });
  const listing = new Listing(api, namespace);
  try {
    const [pods, ...lists] = await Promise.all([POD, ...KINDS].map((kind) => listing.all(kind)));
    return { objects: lists.flat(), pods: pods ?? [] };
  } catch (error) {
    throw apiError(error, 'list the objects', api);
  }
}

/** Reads the pages of all lists, with limits on their total. */
class Listing {
  readonly #api: KubernetesApi;
  readonly #namespace: string | undefined;
  readonly #endMs = performance.now() + MAX_MS;
  #objects = 0;
  #bytes = 0;

  constructor(api: KubernetesApi, namespace: string | undefined) {
    this.#api = api;
    this.#namespace = namespace;
  }

  async all(kind: Kind): Promise<unknown[]> {
    const objects: unknown[] = [];
    let shortPages = 0;
    for (let from: string | undefined; ; ) {
      const { items, next } = await this.#page(kind, from);
      for (const item of items) objects.push({ ...item, apiVersion: kind.apiVersion, kind: kind.kind });
      if (next === undefined) return objects;
      // Every page but the last should be full; a server that keeps sending short pages would never finish.
      if (items.length < PAGE) shortPages++;
      if (shortPages > MAX_SHORT_PAGES || next === from) throw new AnswerError('with a list that never ends');
      from = next;
    }
  }

  async #page({ apiVersion, resource }: Kind, from: string | undefined) {
    const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const where = this.#namespace === undefined ? '' : `/namespaces/${encodeURIComponent(this.#namespace)}`;
    const query = { limit: String(PAGE), ...(from === undefined ? {} : { continue: from }) };
    const { list, bytes } = await this.#api.read(`${group}${where}/${resource}`, query, PAGE_BYTES);
    const { items, next } = pageOf(list, resource);
    this.#objects += items.length;
    this.#bytes += bytes;
    if (this.#objects > MAX_OBJECTS || this.#bytes > MAX_BYTES || performance.now() > this.#endMs) {
      throw new EnvironmentError(
        `${this.#api.context} has more objects than check reads (at most ${MAX_OBJECTS} objects, ${MAX_BYTES / MB} MB, ${MAX_MS / 1000} s): name a namespace with -n`,
      );
    }
    return { items, next };
  }
}

function pageOf({ items, metadata }: Record<string, unknown>, resource: string) {
  const next = isObject(metadata) ? metadata.continue : undefined;
  return {
    items: itemsOf<object>({ items }, resource),
    next: typeof next === 'string' && next !== '' ? next : undefined,
  };
}
