/** The objects of an input: each as written, and where. */
import * as z from 'zod';
import { InputError } from '../errors.ts';
import type { KubernetesObject } from '../kubernetes-rules/written-objects.ts';
import { printable } from '../printable.ts';
import { firstIssue } from '../schema-issue.ts';
import { assertParsable, type FieldPath, type ManifestSource, withoutNulls, yamlParts } from './yaml-documents.ts';
import { yamlObjects } from './yaml-objects.ts';

/** An object, and a function that gives the position of one of its fields for a message. */
export interface Placed<T = KubernetesObject> {
  object: T;
  where(path: FieldPath): string;
}

const Named = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/**
 * The objects of all sources, in their order.
 * @throws InputError that names the source, the line and what is wrong
 */
export function placedObjects(sources: readonly ManifestSource[]): Placed[] {
  const parts = sources.flatMap(yamlParts);
  assertParsable(parts);
  return parts.flatMap((part) =>
    [...yamlObjects(part)]
      .filter(({ value }) => !isGenerated(value))
      .map(({ value, positionOf }) =>
        named({
          object: value,
          where: (path: FieldPath) => {
            const { line, column } = positionOf(path);
            return `${part.name}:${line}:${column}`;
          },
        }),
      ),
  );
}

/**
 * Objects that do not come from YAML, which have no lines.
 * @throws InputError that names the source and what is wrong
 */
export function unplacedObjects(objects: readonly object[], source: string): Placed[] {
  return objects.map((object) => named({ object: withoutNulls(object), where: () => source }));
}

/** `generateName` is for objects that are created anew each time: Jobs and test Pods, which take no part in a rollout. */
function isGenerated({ metadata }: Record<string, unknown>): boolean {
  if (typeof metadata !== 'object' || metadata === null) return false;
  return !('name' in metadata) && 'generateName' in metadata;
}

function named({ object, where }: Placed<unknown>): Placed {
  const { kind } = object as { kind: string };
  return { object: parsed(Named, { object, where }, kind), where };
}

/**
 * The object as this schema reads it.
 * @param what the object's name, for the message
 * @throws InputError that names the position and the field
 */
export function parsed<T>(schema: z.ZodType<T>, { object, where }: Placed<unknown>, what: string): T {
  const result = schema.safeParse(object);
  if (result.success) return result.data;
  const path = (result.error.issues[0]?.path ?? []) as FieldPath;
  throw new InputError(printable(`${where(path)}: ${what}: ${firstIssue(result.error)}`));
}

/** `Deployment "shop"`, as messages name an object. */
export function nameOf({ kind, metadata }: Pick<KubernetesObject, 'kind' | 'metadata'>): string {
  return printable(`${kind} "${metadata.name}"`);
}
