/** The objects of the API server for tests, and every change of them in order, as a watch reports it. */
import { EventEmitter } from 'node:events';
import { apiVersionOf, type Resource, resourceOfKind } from './resources.ts';

export interface StoredObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: object[];
    creationTimestamp?: string;
    deletionTimestamp?: string;
    deletionGracePeriodSeconds?: number;
  };
  // biome-ignore lint/suspicious/noExplicitAny: the fields of every kind
  [field: string]: any;
}

/** An object as a test writes it. The API version follows from the kind. */
export type WrittenObject = { kind: string; metadata: StoredObject['metadata'] } & Record<string, unknown>;

export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  version: number;
  object: StoredObject;
}

interface Events {
  change: [Change];
}

export class ObjectStore extends EventEmitter<Events> {
  version = 1000;
  /** Versions up to this one are forgotten: a watch from there gets 410 Gone. */
  forgottenVersion = 0;
  readonly #objects = new Map<string, StoredObject>();
  readonly #changes: Change[] = [];
  #uids = 0;

  /** Creates the object, or replaces the one of the same name but keeps the fields that the server sets. */
  put(written: WrittenObject): StoredObject {
    const resource = resourceOfKind(written.kind);
    const key = keyOf(resource, written.metadata.namespace ?? '', written.metadata.name);
    const before = this.#objects.get(key);
    const copy = structuredClone(written) as unknown as StoredObject;
    const object: StoredObject = {
      ...copy,
      apiVersion: apiVersionOf(resource),
      metadata: {
        uid: before?.metadata.uid ?? `uid-${++this.#uids}`,
        creationTimestamp: before?.metadata.creationTimestamp ?? wholeSeconds(),
        ...copy.metadata,
        generation: generationOf(before, copy),
      },
    };
    return this.#store(key, object, before ? 'MODIFIED' : 'ADDED');
  }

  /** Merges a patch into an object, or creates the object from the patch; null removes a field. */
  patch(resource: Resource, namespace: string, name: string, patch: object): StoredObject {
    const before = this.get(resource, namespace, name);
    const base = before ?? { kind: resource.kind, metadata: { name, namespace } };
    return this.put(merged(base, patch) as WrittenObject);
  }

  /** Changes fields of an existing object. */
  change(kind: string, namespace: string, name: string, patch: object): StoredObject {
    const resource = resourceOfKind(kind);
    if (!this.get(resource, namespace, name)) throw new Error(`there is no ${kind} ${name}`);
    return this.patch(resource, namespace, name, patch);
  }

  /** Removes an object immediately. @param last its last state, if that differs from the stored one */
  remove(kind: string, namespace: string, name: string, last?: StoredObject): StoredObject | undefined {
    const key = keyOf(resourceOfKind(kind), namespace, name);
    const object = this.#objects.get(key);
    if (!object) return undefined;
    this.#objects.delete(key);
    const told = this.#numbered(last ?? object);
    this.#tell('DELETED', told);
    return told;
  }

  get(resource: Resource, namespace: string, name: string): StoredObject | undefined {
    return this.#objects.get(keyOf(resource, namespace, name));
  }

  /** @param namespace empty: all namespaces */
  list(resource: Resource, namespace: string): StoredObject[] {
    return [...this.#objects.entries()]
      .filter(([key]) => key.startsWith(keyOf(resource, namespace, '').replace(/\/$/, namespace === '' ? '' : '/')))
      .map(([, object]) => object);
  }

  /** The changes since a version; undefined if that is forgotten. */
  since(version: number): Change[] | undefined {
    return version < this.forgottenVersion ? undefined : this.#changes.filter((change) => change.version > version);
  }

  /** Forgets all earlier versions, as a compaction does. */
  forget(): void {
    this.version++;
    this.forgottenVersion = this.version;
  }

  #store(key: string, object: StoredObject, type: Change['type']): StoredObject {
    const told = this.#numbered(object);
    this.#objects.set(key, told);
    this.#tell(type, told);
    return told;
  }

  #numbered(object: StoredObject): StoredObject {
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.version) } };
  }

  #tell(type: Change['type'], object: StoredObject): void {
    const change = { type, version: Number(object.metadata.resourceVersion), object };
    this.#changes.push(change);
    this.emit('change', change);
  }
}

function keyOf({ group, plural }: Resource, namespace: string, name: string): string {
  return `${group}/${plural}/${namespace}/${name}`;
}

function generationOf(before: StoredObject | undefined, now: StoredObject): number {
  const generation = before?.metadata.generation ?? 0;
  return before && JSON.stringify(before.spec) === JSON.stringify(now.spec) ? generation : generation + 1;
}

/** As the API writes times. */
export function wholeSeconds(epochMs = Date.now()): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * A merge patch (RFC 7386). For the objects of these tests, a strategic patch and server-side apply have the same
 * result.
 */
export function merged(base: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(base) ? { ...base } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
