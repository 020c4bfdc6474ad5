/** Which object something is about. */
import type { FieldPath } from '../manifests/yaml-documents.ts';
import type { CheckedObject } from './objects.ts';

export interface ObjectIdentity {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
}

export function identityOf({ apiVersion, kind, metadata: { name, namespace } }: CheckedObject): ObjectIdentity {
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}

/** `Deployment "shop"`, as messages name an object. */
export function nameOf({ kind, name }: Pick<ObjectIdentity, 'kind' | 'name'>): string {
  return name === '' ? kind : `${kind} "${name}"`;
}

/** A path as text, with the names of list items instead of their indices: `spec.containers[app].image`. */
export function namedPath(object: unknown, path: FieldPath): string {
  let value: unknown = object;
  let text = '';
  for (const key of path) {
    value = (value as Record<string | number, unknown> | undefined)?.[key];
    const name = (value as { name?: unknown } | undefined)?.name;
    if (typeof key === 'number') text += `[${typeof name === 'string' ? name : key}]`;
    else text += text === '' ? key : `.${key}`;
  }
  return text;
}
