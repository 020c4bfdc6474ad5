/** Reads the objects to check, with the position of each field. */
import { objectRefusals } from '../kubernetes-rules/object-admission.ts';
import { KINDS_WITH_REMOVED_VERSIONS, removedVersion } from '../kubernetes-rules/removed-versions.ts';
import {
  assertParsable,
  type DocumentError,
  type FieldPath,
  type ManifestSource,
  type Position,
  type YamlPart,
  yamlParts,
} from '../manifests/yaml-documents.ts';
import { NOT_AN_OBJECT, readPart, type YamlObject } from '../manifests/yaml-objects.ts';
import { type CheckedObject, SCHEMAS } from './objects.ts';
import {
  aboutObject,
  duplicateProblem,
  type ReadingProblem,
  refusalProblem,
  removedProblem,
  typeProblem,
  unreadableProblem,
} from './reading-problem.ts';

/** An object and the positions of its fields. Live objects have no positions: their `locate` returns undefined. */
export interface LocatedObject<T> {
  source: string;
  value: T;
  /** The position of the field, or of its nearest existing parent. */
  locate(path: FieldPath): Position | undefined;
}

export interface ReadObjects {
  /** Objects of the kinds that the check reads. */
  objects: LocatedObject<CheckedObject>[];
  /** The number of objects of each kind, including kinds that the check does not read. */
  kinds: Map<string, number>;
  problems: ReadingProblem[];
  /** The source if it was found by a search, and has a document that is no Kubernetes object. */
  skipped: string[];
}

/**
 * Reads a stream of YAML documents, including lists, one document at a time. Documents that are clearly of another kind
 * are counted but not parsed, because most of a large stream is custom resource definitions and similar objects. What
 * cannot be read is a problem, and the rest is read.
 * @throws InputError if reading all of it would take too long
 */
export function readObjects(source: ManifestSource): ReadObjects {
  const read: ReadObjects = { objects: [], kinds: new Map(), problems: [], skipped: [] };
  const parsed: YamlPart[] = [];
  for (const part of yamlParts(source)) {
    const kind = plainKind(part.text);
    if (kind !== undefined && !READ_KINDS.has(kind) && !kind.endsWith('List')) count(read, kind);
    else parsed.push(part);
  }
  assertParsable(parsed);
  for (const part of parsed) {
    const { objects, problems, duplicateKeys } = readPart(part);
    for (const object of objects) addObject(object, part, read);
    const [only, second] = objects;
    const about = only && !second ? aboutObject(only.value) : {};
    // A search finds other files too: values of charts, configuration.
    const isOther = ({ problem }: DocumentError) => source.searched === true && problem.startsWith(NOT_AN_OBJECT);
    if (problems.some(isOther)) read.skipped.push(source.name);
    read.problems.push(...problems.filter((problem) => !isOther(problem)).map(unreadableProblem));
    read.problems.push(...duplicateKeys.map((key) => ({ ...duplicateProblem(key, part.name), ...about })));
  }
  return read;
}

const READ_KINDS: ReadonlySet<string> = new Set([
  ...[...SCHEMAS.keys()].map((key) => key.split(' ')[1] ?? ''),
  ...KINDS_WITH_REMOVED_VERSIONS,
]);

/** The kind of an object in block style, if the text has exactly one object. */
function plainKind(text: string): string | undefined {
  const kinds = [...text.matchAll(/^kind: +([A-Za-z]\w*)[ \r]*$/gm)];
  return kinds.length === 1 ? kinds[0]?.[1] : undefined;
}

function addObject({ value, positionOf }: YamlObject, part: YamlPart, read: ReadObjects): void {
  const { apiVersion, kind } = value;
  count(read, kind);
  const where = (path: FieldPath) => ({ source: part.name, position: positionOf(path) });
  const removed = removedVersion(apiVersion, kind);
  if (removed) {
    read.problems.push(removedProblem(value, removed, where));
    return;
  }
  const schema = SCHEMAS.get(`${apiVersion} ${kind}`);
  if (!schema) return;
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    read.objects.push({ source: part.name, value: parsed.data, locate: positionOf });
    read.problems.push(...objectRefusals(parsed.data).map((refusal) => refusalProblem(value, refusal, where)));
  } else read.problems.push(typeProblem(value, parsed.error, where));
}

function count({ kinds }: ReadObjects, kind: string): void {
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
}
