/**
 * Watches that continue after a dropped connection, and list again if the server no longer has their resource version
 * (410 Gone).
 */
import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node';
import { withoutSecrets } from '../../secrets.ts';
import { delay } from '../../timers.ts';
import { itemsOf } from './answer.ts';
import { apiError, type KubernetesApi } from './api.ts';
import { type ChangeHandlers, SeenObjects } from './seen-objects.ts';
import { WatchError, watchEvents } from './watch-events.ts';

/** The pause after the first failure; it doubles with each further one. */
const RESTART_AFTER_MS = 100;
const MAX_PAUSE_MS = 5000;

export interface WatchHandlers<T> extends ChangeHandlers<T> {
  /** Called when the connection was lost and is being restored; changes in between are reported late. */
  onGap(reason: string): void;
}

export interface WatchedCollection<T> {
  /** For example /api/v1/namespaces/NAME/pods. */
  path: string;
  labelSelector?: string;
  /** Lists the whole collection, with the same selector. */
  list(): Promise<KubernetesListObject<T & KubernetesObject>>;
}

/**
 * Watches a collection until aborted. Resolves once the initial state has been reported.
 * @throws EnvironmentError if the initial state cannot be read
 */
export async function watchResource<T extends KubernetesObject>(
  api: KubernetesApi,
  collection: WatchedCollection<T>,
  signal: AbortSignal,
  handlers: WatchHandlers<T>,
): Promise<void> {
  const first = await listed(collection).catch((error: unknown) => {
    throw apiError(error, `list ${resourceOf(collection)}`, api);
  });
  if (signal.aborted) return;
  const seen = new SeenObjects(handlers);
  seen.replace(first.items);
  const { version } = first;
  void new Follower(api, collection, handlers, seen, version).follow(signal).catch(handlers.onError);
}

class Follower<T extends KubernetesObject> {
  /** The last resource version; undefined if the server no longer has it, so that a new list is needed. */
  #version: string | undefined;
  /** How many watches in a row have failed or ended without an event. */
  #failures = 0;
  readonly #api: KubernetesApi;
  readonly #collection: WatchedCollection<T>;
  readonly #handlers: WatchHandlers<T>;
  readonly #seen: SeenObjects<T>;

  constructor(
    api: KubernetesApi,
    collection: WatchedCollection<T>,
    handlers: WatchHandlers<T>,
    seen: SeenObjects<T>,
    version: string,
  ) {
    this.#api = api;
    this.#collection = collection;
    this.#handlers = handlers;
    this.#seen = seen;
    this.#version = version;
  }

  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let pauseMs = 0;
      try {
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#handlers.onGap(withoutSecrets(error instanceof Error ? error.message : String(error)));
        if (error instanceof WatchError) pauseMs = error.retryAfterMs;
        if (error instanceof WatchError && error.gone) this.#version = undefined;
      }
      // Retry without a pause the first time, because changes are reported late until the watch is restored.
      if (this.#failures > 0) pauseMs = Math.max(pauseMs, RESTART_AFTER_MS * 2 ** (this.#failures - 1));
      this.#failures++;
      await delay(Math.min(pauseMs, MAX_PAUSE_MS), undefined, { signal }).catch(() => {}); // aborted: the loop ends
    }
  }

  /** Returns when the server ends the watch, which it does every few minutes. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { path, labelSelector } = this.#collection;
    if (this.#version === undefined) {
      const { items, version } = await listed(this.#collection);
      if (signal.aborted) return;
      this.#seen.replace(items);
      this.#version = version;
    }
    const query = { ...(labelSelector === undefined ? {} : { labelSelector }), resourceVersion: this.#version };
    for await (const event of watchEvents<T>(this.#api, path, query, signal)) {
      if (signal.aborted) return;
      this.#failures = 0;
      this.#seen.take(event);
      this.#version = event.object.metadata?.resourceVersion ?? this.#version;
    }
  }
}

async function listed<T extends KubernetesObject>(
  collection: WatchedCollection<T>,
): Promise<{ items: readonly T[]; version: string }> {
  const list = await collection.list();
  return { items: itemsOf<T>(list, resourceOf(collection)), version: list.metadata?.resourceVersion ?? '' };
}

function resourceOf({ path }: { path: string }): string {
  return path.split('/').at(-1) ?? '';
}
