/** Reads the Kubernetes objects in YAML documents. A list yields its items. */
import * as z from 'zod';
import {
  errorAt,
  type FieldPath,
  type Position,
  type YamlDocument,
  type YamlPart,
  yamlDocuments,
} from './yaml-documents.ts';

const Identity = z.looseObject({ apiVersion: z.string(), kind: z.string() });
const Items = z.array(z.looseObject({}));

export interface YamlObject {
  value: z.infer<typeof Identity>;
  /** The position of a field; if the field is absent, of its nearest parent. */
  positionOf(path: FieldPath): Position;
}

/**
 * @throws InputError that names file, line and column of invalid YAML or of something that is not a Kubernetes object
 */
export function* yamlObjects(part: YamlPart): Generator<YamlObject> {
  for (const document of yamlDocuments(part)) yield* objectsIn(part, document);
}

function* objectsIn(part: YamlPart, { value, positionOf }: YamlDocument): Generator<YamlObject> {
  const identity = Identity.safeParse(value);
  if (!identity.success) {
    const key = String(identity.error.issues[0]?.path[0] ?? '');
    const what = key === '' ? 'it is not a mapping' : `${key} is missing or not a string`;
    throw errorAt(part, positionOf([key]), `not a Kubernetes object: ${what}`);
  }
  const { apiVersion, kind, items } = identity.data;
  const list = Items.safeParse(items);
  if (!kind.endsWith('List') || !list.success) {
    yield { value: identity.data, positionOf };
    return;
  }
  // The API server omits apiVersion and kind in the items of a typed list (DeploymentList).
  const common = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  for (const [index, item] of list.data.entries()) {
    const place: FieldPath = ['items', index];
    const checked = Identity.safeParse({ ...common, ...item });
    if (!checked.success) throw errorAt(part, positionOf(place), `items[${index}] lacks apiVersion or kind`);
    yield { value: checked.data, positionOf: (path) => positionOf([...place, ...path]) };
  }
}
