/** The open watches on the API server for tests, and how they end. */
import type { ServerResponse } from 'node:http';
import { apiVersionOf, type Resource } from './resources.ts';
import type { Change, ObjectStore, StoredObject } from './store.ts';

export interface OpenWatch {
  resource: Resource;
  namespace: string;
  response: ServerResponse;
  /** Whether the client asked for bookmarks. */
  bookmarks: boolean;
  selects(object: StoredObject): boolean;
}

export const GONE = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'too old resource version: 1 (1000)',
  reason: 'Expired',
  code: 410,
};

export class WatchStreams {
  /** How a forgotten version is reported: as the status of the response, or as an event in it. */
  goneAs: 'status' | 'event' = 'event';
  readonly #open = new Set<OpenWatch>();
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
    store.on('change', (change) => {
      for (const watch of this.#open) tell(watch, change);
    });
  }

  /** Sends what has changed since a version, and all later changes. */
  open(watch: OpenWatch, version: number): void {
    const { response } = watch;
    const missed = this.#store.since(version);
    if (!missed && this.goneAs === 'status') {
      response.writeHead(410, { 'content-type': 'application/json' }).end(JSON.stringify(GONE));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (!missed) {
      response.end(`${JSON.stringify({ type: 'ERROR', object: GONE })}\n`);
      return;
    }
    for (const change of missed) tell(watch, change);
    this.#open.add(watch);
    response.on('close', () => this.#open.delete(watch));
  }

  /** The plurals of the watched resources, sorted. */
  get resources(): string[] {
    return [...this.#open].map(({ resource }) => resource.plural).sort();
  }

  /** Sends a bookmark to the watches that asked for bookmarks. */
  bookmark(plural: string): void {
    for (const { resource, response } of this.#of(plural).filter(({ bookmarks }) => bookmarks)) {
      const metadata = { resourceVersion: String(this.#store.version), creationTimestamp: null };
      const object = { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata };
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
  }

  /** Writes any text to the watches of a resource. */
  write(plural: string, text: string): void {
    for (const { response } of this.#of(plural)) response.write(text);
  }

  /** Ends the watches in an orderly way, as the API server does every few minutes. */
  end(plural: string, lastText = ''): void {
    for (const { response } of this.#take(plural)) response.end(lastText);
  }

  /** Cuts the connections of the watches, within an event if part of one is given. */
  cut(plural: string, lastText = ''): void {
    for (const { response } of this.#take(plural)) {
      if (lastText === '') response.destroy();
      else response.write(lastText, () => response.destroy());
    }
  }

  /** From now on the watches stay open but receive nothing. */
  silence(plural: string): void {
    this.#take(plural);
  }

  /** The watches of a resource, which then receive nothing more. */
  #take(plural: string): OpenWatch[] {
    const watches = this.#of(plural);
    for (const watch of watches) this.#open.delete(watch);
    return watches;
  }

  #of(plural: string): OpenWatch[] {
    return [...this.#open].filter(({ resource }) => resource.plural === plural);
  }
}

function tell({ resource, namespace, response, selects }: OpenWatch, { type, object }: Change): void {
  if (object.kind !== resource.kind || !selects(object)) return;
  if (namespace !== '' && object.metadata.namespace !== namespace) return;
  response.write(`${JSON.stringify({ type, object })}\n`);
}
