/** Which object something is about. */
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
