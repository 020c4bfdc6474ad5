/**
 * The objects of a watched collection, as last reported to its watcher. An object is identified by its uid, not by its
 * name.
 */
import type { KubernetesObject } from '@kubernetes/client-node';
import type { ObjectEvent } from './watch-events.ts';

export interface ChangeHandlers<T> {
  onChange(object: T): void;
  onDelete(object: T): void;
  /** Called if a handler throws. */
  onError(error: unknown): void;
}

export class SeenObjects<T extends KubernetesObject> {
  readonly #seen = new Map<string, T>();
  readonly #handlers: ChangeHandlers<T>;

  constructor(handlers: ChangeHandlers<T>) {
    this.#handlers = handlers;
  }

  /** Takes a complete list: reports new and changed objects, and those that no longer exist. */
  replace(items: readonly T[]): void {
    const there = new Set(items.map(idOf));
    for (const [id, object] of [...this.#seen]) if (!there.has(id)) this.#delete(id, object);
    for (const item of items) this.#change(item);
  }

  /** Takes an event: reports it unless the same state was reported before. */
  take({ type, object }: ObjectEvent<T>): void {
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') this.#delete(idOf(object), object);
    else this.#change(object);
  }

  #change(object: T): void {
    const id = idOf(object);
    const version = object.metadata?.resourceVersion;
    if (version !== undefined && this.#seen.get(id)?.metadata?.resourceVersion === version) return;
    this.#seen.set(id, object);
    this.#tell(() => this.#handlers.onChange(object));
  }

  #delete(id: string, object: T): void {
    if (this.#seen.delete(id)) this.#tell(() => this.#handlers.onDelete(object));
  }

  #tell(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.#handlers.onError(error);
    }
  }
}

function idOf({ metadata }: KubernetesObject): string {
  return metadata?.uid ?? `${metadata?.namespace}/${metadata?.name}`;
}
