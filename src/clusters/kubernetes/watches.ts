/** Watches that go on after a dropped connection, and list anew when the server has forgotten where they were (410 Gone). */
import type { IncomingMessage } from 'node:http';
import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node';
import { withoutSecrets } from '../../secrets.ts';
import { delay } from '../../timers.ts';
import { AnswerError, hasName, isObject, itemsOf } from './answer.ts';
import { apiError, apiStatus, type KubernetesApi } from './api.ts';
import { linesOf } from './response-lines.ts';

const RESTART_AFTER_MS = 200;
/** An object has 1.5 MB at most; written as JSON, a few more. */
const LONGEST_LINE = 8 * 2 ** 20;
/** The server sends a bookmark about once a minute. A connection that is silent for longer may be dead. */
const BELIEVED_SILENCE_MS = 180_000;
const GONE = 410;

export interface WatchHandlers<T> {
  onChange(object: T): void;
  onDelete(object: T): void;
  /** The connection was lost and is being made again: what happens meanwhile is seen late. */
  onGap(reason: string): void;
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
  const watch = new ResourceWatch(api, path, list, signal, handlers);
  await watch.list().catch((error: unknown) => {
    throw apiError(error, `list ${path.split('/').at(-1)}`, api);
  });
  void watch.follow();
}

class ResourceWatch<T extends KubernetesObject> {
  readonly #api: KubernetesApi;
  readonly #path: string;
  readonly #list: () => Promise<KubernetesListObject<T>>;
  readonly #signal: AbortSignal;
  readonly #handlers: WatchHandlers<T>;
  /** Those there are, by uid: a StatefulSet's pod has its predecessor's name. */
  readonly #known = new Map<string, T>();
  /** Where the watch is; undefined: nowhere, so everything is listed first. */
  #version: string | undefined;

  constructor(
    api: KubernetesApi,
    path: string,
    list: () => Promise<KubernetesListObject<T>>,
    signal: AbortSignal,
    handlers: WatchHandlers<T>,
  ) {
    this.#api = api;
    this.#path = path;
    this.#list = list;
    this.#signal = signal;
    this.#handlers = handlers;
  }

  get #resource(): string {
    return this.#path.split('/').at(-1) ?? '';
  }

  /** Tells what is there, and what of what was known is there no more. */
  async list(): Promise<void> {
    const list = await this.#list();
    const items = itemsOf<T>(list, this.#resource);
    const there = new Set(items.map(identity));
    for (const [id, object] of this.#known) {
      if (!there.has(id)) this.#gone(object);
    }
    for (const object of items) this.#changed(object);
    this.#version = list.metadata?.resourceVersion ?? '';
  }

  /** Until aborted. */
  async follow(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        if (this.#version === undefined) await this.list();
        const restartMs = performance.now() + RESTART_AFTER_MS;
        await this.#watchOnce();
        if (performance.now() < restartMs) await this.#pause(); // a server that ends each watch at once
      } catch (error) {
        if (this.#signal.aborted) return;
        if (statusOf(error) === GONE) this.#version = undefined;
        else this.#handlers.onGap(withoutSecrets(String(error)));
        await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    await delay(RESTART_AFTER_MS, undefined, { signal: this.#signal }).catch(() => {}); // aborted, and so is the loop
  }

  /** Resolves when the server ends the watch, as it does now and then. */
  async #watchOnce(): Promise<void> {
    const query = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: this.#version ?? '' };
    const response = await this.#api.get(this.#path, query, this.#signal);
    const silence = setTimeout(() => response.destroy(silent()), BELIEVED_SILENCE_MS);
    try {
      if (response.statusCode !== 200) throw refusal(response);
      for await (const line of linesOf(response, LONGEST_LINE)) {
        silence.refresh();
        this.#take(line);
      }
    } finally {
      clearTimeout(silence);
      response.destroy();
    }
  }

  /** @throws AnswerError for what is no event, and for the server's own ERROR event */
  #take(line: string): void {
    const { type, object } = eventOf(line);
    if (type === 'ERROR') {
      this.#version = undefined; // as client-go does: wherever the watch was, it cannot go on from there
      throw Object.assign(new AnswerError('with an error event'), { statusCode: Number(object.code) });
    }
    const { metadata } = object as KubernetesObject;
    if (type !== 'BOOKMARK') {
      if (!hasName(object)) throw new AnswerError('with an event of an object without a name');
      const changed = object as unknown as T;
      if (type === 'DELETED') this.#gone(changed);
      else if (type === 'ADDED' || type === 'MODIFIED') this.#changed(changed);
    }
    this.#version = metadata?.resourceVersion ?? this.#version;
  }

  #changed(object: T): void {
    const version = object.metadata?.resourceVersion;
    const known = this.#known.get(identity(object));
    this.#known.set(identity(object), object);
    if (known && version !== undefined && known.metadata?.resourceVersion === version) return; // told already
    this.#handlers.onChange(object);
  }

  #gone(object: T): void {
    if (this.#known.delete(identity(object))) this.#handlers.onDelete(object);
  }
}

function identity({ metadata }: KubernetesObject): string {
  return metadata?.uid ?? metadata?.name ?? '';
}

function eventOf(line: string): { type: unknown; object: Record<string, unknown> } {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw new AnswerError('with a watch event that is no JSON');
  }
  if (!isObject(event) || !isObject(event.object)) throw new AnswerError('with a watch event that is none');
  return { type: event.type, object: event.object };
}

function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode ?? apiStatus(error);
}

function refusal({ statusCode, statusMessage }: IncomingMessage): Error {
  return Object.assign(new Error(`HTTP status ${statusCode} ${statusMessage ?? ''}`.trim()), { statusCode });
}

function silent(): Error {
  return Object.assign(new Error(`nothing was heard for ${BELIEVED_SILENCE_MS / 1000} s`), { code: 'ETIMEDOUT' });
}
