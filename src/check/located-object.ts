/** Reads the objects to check, with the position of each field. */
import {
  assertParsable,
  errorAt,
  type FieldPath,
  type ManifestSource,
  type Position,
  type YamlPart,
  yamlParts,
} from '../manifests/yaml-documents.ts';
import { type YamlObject, yamlObjects } from '../manifests/yaml-objects.ts';
import { fieldPath } from '../schema-issue.ts';
import { type CheckedObject, SCHEMAS } from './objects.ts';

/** An object and the positions of its fields. Live objects have no positions: their `locate` returns undefined. */
export interface LocatedObject<T> {
  source: string;
  value: T;
  /** The position of the field, or of its nearest existing parent. */
  locate(path: FieldPath): Position | undefined;
}

export interface ObjectIdentity {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
}

export function identityOf({ apiVersion, kind, metadata: { name, namespace } }: CheckedObject): ObjectIdentity {
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}

export interface ReadObjects {
  /** Objects of the kinds that the check reads. */
  objects: LocatedObject<CheckedObject>[];
  /** The number of objects of each kind, including kinds that the check does not read. */
  kinds: Map<string, number>;
}

/**
 * Reads a stream of YAML documents, including lists, one document at a time. Documents that are clearly of another kind
 * are counted but not parsed, because most of a large stream is custom resource definitions and similar objects.
 * @throws InputError that names file and line of invalid YAML, of something that is not a Kubernetes object, or of a
 * field of the wrong type
 */
export function readObjects(source: ManifestSource): ReadObjects {
  const read: ReadObjects = { objects: [], kinds: new Map() };
  const parsed: YamlPart[] = [];
  for (const part of yamlParts(source)) {
    const kind = plainKind(part.text);
    if (kind !== undefined && !READ_KINDS.has(kind) && !kind.endsWith('List')) count(read, kind);
    else parsed.push(part);
  }
  assertParsable(parsed);
  for (const part of parsed) for (const object of yamlObjects(part)) addObject(object, part, read);
  return read;
}

const READ_KINDS: ReadonlySet<string> = new Set([...SCHEMAS.keys()].map((key) => key.split(' ')[1] ?? ''));

/** The kind of an object in block style, if the text has exactly one object. */
function plainKind(text: string): string | undefined {
  const kinds = [...text.matchAll(/^kind: +([A-Za-z]\w*)[ \r]*$/gm)];
  return kinds.length === 1 ? kinds[0]?.[1] : undefined;
}

function addObject({ value, positionOf }: YamlObject, part: YamlPart, read: ReadObjects): void {
  count(read, value.kind);
  const schema = SCHEMAS.get(`${value.apiVersion} ${value.kind}`);
  if (!schema) return;
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = (issue?.path ?? []) as FieldPath;
    throw errorAt(part, positionOf(path), `${value.kind}: ${fieldPath(path)}: ${issue?.message ?? 'invalid'}`);
  }
  read.objects.push({ source: part.name, value: parsed.data, locate: positionOf });
}

function count({ kinds }: ReadObjects, kind: string): void {
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
}
