/** Watches that go on after a dropped connection, and list anew when the server has forgotten where they were (410 Gone). */

import { type KubernetesListObject, type KubernetesObject, makeInformer } from '@kubernetes/client-node';
import { delay } from '../../timers.ts';
import { apiError, type KubernetesApi } from './api.ts';

const RESTART_AFTER_MS = 200;

export interface WatchHandlers<T> {
  onChange(object: T): void;
  onDelete(object: T): void;
  /** The connection was lost and is being made again: what happens meanwhile is seen late. */
  onGap(error: unknown): void;
}

/**
 * Watches a resource until aborted; resolves once its present state has been told.
 * @param path of the collection: /api/v1/namespaces/NAME/pods
 */
export async function watchResource<T extends KubernetesObject>(
  api: KubernetesApi,
  path: string,
  list: () => Promise<KubernetesListObject<T>>,
  signal: AbortSignal,
  handlers: WatchHandlers<T>,
): Promise<void> {
  const first = await list().catch((error: unknown) => {
    throw apiError(error, `list ${path.split('/').at(-1)}`, api);
  });
  let items: KubernetesListObject<T> | undefined = first;
  const informer = makeInformer<T>(api.config, path, () => {
    const known = items;
    items = undefined;
    return known ? Promise.resolve(known) : list();
  });
  informer.on('add', handlers.onChange);
  informer.on('update', handlers.onChange);
  informer.on('delete', handlers.onDelete);
  informer.on('error', (error: unknown) => {
    if (signal.aborted) return;
    handlers.onGap(error);
    delay(RESTART_AFTER_MS, undefined, { signal })
      .then(() => informer.start())
      .catch(() => {}); // aborted
  });
  signal.addEventListener('abort', () => void informer.stop());
  if (!signal.aborted) await informer.start();
}
