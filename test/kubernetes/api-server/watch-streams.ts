/** The watches that are open on the API server for tests, and how they end. */
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
  /** How a version that is forgotten is answered: as the response's status, or as an event within it. */
  goneAs: 'status' | 'event' = 'event';
  readonly #open = new Set<OpenWatch>();
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
    store.on('change', (change) => {
      for (const watch of this.#open) tell(watch, change);
    });
  }

  /** Tells what has happened since that version, and from now on what happens. */
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

  /** The plurals of what is watched, sorted. */
  get resources(): string[] {
    return [...this.#open].map(({ resource }) => resource.plural).sort();
  }

  /** Says how far the watches are, where the client asked for it. */
  bookmark(plural: string): void {
    for (const { resource, response } of this.#of(plural).filter(({ bookmarks }) => bookmarks)) {
      const metadata = { resourceVersion: String(this.#store.version), creationTimestamp: null };
      const object = { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata };
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
  }

  /** Writes anything at all into the watches of a resource. */
  write(plural: string, text: string): void {
    for (const { response } of this.#of(plural)) response.write(text);
  }

  /** Ends them in order, as the API server does every few minutes. */
  end(plural: string, lastText = ''): void {
    for (const { response } of this.#take(plural)) response.end(lastText);
  }

  /** Cuts their connections, within an event where some of it is given. */
  cut(plural: string, lastText = ''): void {
    for (const { response } of this.#take(plural)) {
      if (lastText === '') response.destroy();
      else response.write(lastText, () => response.destroy());
    }
  }

  /** From now on they stay open, and nothing comes by them. */
  silence(plural: string): void {
    this.#take(plural);
  }

  /** Those of a resource, which are told nothing more. */
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
