/** Reads the Kubernetes objects in YAML documents. A list yields its items. */
import * as z from 'zod';
import {
  DocumentError,
  type DuplicateKey,
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

/** What a part holds. A document that is no object, or an item of a list that is none, is one problem. */
export interface ReadPart {
  objects: YamlObject[];
  problems: DocumentError[];
  duplicateKeys: DuplicateKey[];
}

/**
 * The objects of a part.
 * @throws DocumentError for invalid YAML, and for something that is not a Kubernetes object
 */
export function yamlObjects(part: YamlPart): YamlObject[] {
  const { objects, problems } = readPart(part);
  if (problems[0]) throw problems[0];
  return objects;
}

/** The objects of a part, and what is wrong with the rest of it. */
export function readPart(part: YamlPart): ReadPart {
  const read: ReadPart = { objects: [], problems: [], duplicateKeys: [] };
  try {
    for (const document of yamlDocuments(part)) {
      read.duplicateKeys.push(...document.duplicateKeys);
      addObjects(part, document, read);
    }
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    read.problems.push(error);
  }
  return read;
}

function addObjects(part: YamlPart, { value, positionOf }: YamlDocument, { objects, problems }: ReadPart): void {
  const identity = Identity.safeParse(value);
  if (!identity.success) {
    const key = String(identity.error.issues[0]?.path[0] ?? '');
    const what = key === '' ? 'it is not a mapping' : `${key} is missing or not a string`;
    throw errorAt(part, positionOf([key]), `${NOT_AN_OBJECT}: ${what}`);
  }
  const { apiVersion, kind, items } = identity.data;
  const list = Items.safeParse(items);
  if (!kind.endsWith('List') || !list.success) {
    objects.push({ value: identity.data, positionOf });
    return;
  }
  // The API server omits apiVersion and kind in the items of a typed list (DeploymentList).
  const common = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  for (const [index, item] of list.data.entries()) {
    const place: FieldPath = ['items', index];
    const checked = Identity.safeParse({ ...common, ...item });
    if (checked.success) {
      objects.push({ value: checked.data, positionOf: (path) => positionOf([...place, ...path]) });
    } else problems.push(errorAt(part, positionOf(place), `items[${index}] lacks apiVersion or kind`));
  }
}

/** The beginning of the problem of a document that is YAML, but not an object. */
export const NOT_AN_OBJECT = 'not a Kubernetes object';
