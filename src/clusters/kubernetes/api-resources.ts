/** Which resource of the API a kind of object is, as the cluster itself says (API discovery). */
import * as z from 'zod';
import { AnswerError } from './answer.ts';
import { apiError, apiStatus, type KubernetesApi } from './api.ts';

/** A large group has some 60 resources of 300 bytes each. */
const MAX_BYTES = 4_000_000;

export interface ApiResource {
  group: string;
  /** The name in paths and permissions: deployments. */
  resource: string;
  /** Whether its objects live in a namespace. */
  namespaced: boolean;
}

const ResourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

export class ApiResources {
  readonly #api: KubernetesApi;
  readonly #groups = new Map<string, Promise<z.infer<typeof ResourceList>['resources']>>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  /**
   * @returns undefined if the cluster has no such kind
   * @throws EnvironmentError if the API server does not say which kinds it has
   */
  async find(apiVersion: string, kind: string): Promise<ApiResource | undefined> {
    const resources = this.#groups.get(apiVersion) ?? this.#read(apiVersion);
    this.#groups.set(apiVersion, resources);
    // A name with a slash is a subresource, such as deployments/status.
    const found = (await resources).find((resource) => resource.kind === kind && !resource.name.includes('/'));
    const [group, version] = apiVersion.split('/');
    if (!found) return undefined;
    return { group: version === undefined ? '' : (group ?? ''), resource: found.name, namespaced: found.namespaced };
  }

  async #read(apiVersion: string): Promise<z.infer<typeof ResourceList>['resources']> {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      const { list } = await this.#api.read(path, {}, MAX_BYTES);
      const parsed = ResourceList.safeParse(list);
      if (!parsed.success) throw new AnswerError('with something other than a list of its resources');
      return parsed.data.resources;
    } catch (error) {
      if (apiStatus(error) === 404) return [];
      throw apiError(error, `list the kinds of ${apiVersion}`, this.#api);
    }
  }
}
