/** Kubernetes objects out of YAML, each field with its line. */
import { Composer, type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, Parser } from 'yaml';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { withoutNulls } from '../manifests/manifests.ts';
import { fieldPath } from '../schema-issue.ts';
import { type CheckedObject, SCHEMAS } from './objects.ts';
import { printable } from './printable.ts';

/** A field by its keys and indices: `['spec', 'template', 'spec', 'containers', 0]`. */
export type FieldPath = readonly (string | number)[];

/** Both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** A text with YAML in it, and what to call it. */
export interface ManifestSource {
  /** For messages: a file's path, `stdin`, or the folder that was rendered. */
  name: string;
  text: string;
}

/** An object, and where its fields are. Live objects have no lines: their `locate` answers undefined. */
export interface LocatedObject<T> {
  source: string;
  value: T;
  /** The field, or its nearest parent that is there. */
  locate(path: FieldPath): Position | undefined;
}

export interface ReadObjects {
  /** Those of the kinds that the check reads. */
  objects: LocatedObject<CheckedObject>[];
  /** How many objects there are of each kind, read or not. */
  kinds: Map<string, number>;
}

const Identity = z.looseObject({ apiVersion: z.string(), kind: z.string() });
const Items = z.array(z.looseObject({}));

/**
 * Reads a stream of YAML documents, lists included, one document at a time. Documents that are plainly of a kind the
 * check does not read are counted, not read: most of a large stream is custom resource definitions and the like.
 * @throws InputError that names file and line of what is no YAML, no Kubernetes object, or a field of the wrong type
 */
export function readObjects(source: ManifestSource): ReadObjects {
  const read: ReadObjects = { objects: [], kinds: new Map() };
  for (const chunk of chunks(source)) {
    const kind = plainKind(chunk.text);
    if (kind !== undefined && !READ_KINDS.has(kind) && !kind.endsWith('List')) count(read, kind);
    else readChunk(chunk, read);
  }
  return read;
}

const READ_KINDS: ReadonlySet<string> = new Set([...SCHEMAS.keys()].map((key) => key.split(' ')[1] ?? ''));

/** A part of a source, and how many lines stand before it. */
interface Chunk extends ManifestSource {
  linesBefore: number;
}

/** The documents as text: `---` at the start of a line ends one wherever it stands. Directives need the whole. */
function chunks({ name, text }: ManifestSource): Chunk[] {
  const parts = /^%/m.test(text) ? [text] : text.split(/^(?=---(?:\s|$))/m);
  let linesBefore = 0;
  return parts.map((part) => {
    const chunk = { name, text: part, linesBefore };
    linesBefore += part.split('\n').length - 1;
    return chunk;
  });
}

/** The kind of an object in block style, if there is but one object. */
function plainKind(text: string): string | undefined {
  const kinds = [...text.matchAll(/^kind: +([A-Za-z]\w*)[ \r]*$/gm)];
  return kinds.length === 1 ? kinds[0]?.[1] : undefined;
}

function readChunk(chunk: Chunk, read: ReadObjects): void {
  const lines = new LineCounter();
  // kubectl reads merge keys too (`<<: *base`).
  const composer = new Composer({ merge: true, prettyErrors: false, logLevel: 'silent' });
  const parser = new Parser(lines.addNewLine);
  const add = (document: Document.Parsed) => readDocument({ source: chunk, document, lines, prefix: [] }, read);
  for (const token of parser.parse(chunk.text)) for (const document of composer.next(token)) add(document);
  for (const document of composer.end()) add(document);
}

interface Origin {
  source: Chunk;
  document: Document.Parsed;
  lines: LineCounter;
  /** Where in the document the object is: empty but for an item of a list. */
  prefix: FieldPath;
}

function readDocument(origin: Origin, read: ReadObjects): void {
  const problem = origin.document.errors[0];
  if (problem) throw notYaml(origin, problem, problem.pos[0]);
  const value = plainValue(origin);
  if (value === null || value === undefined) return;
  const identity = Identity.safeParse(value);
  if (!identity.success) {
    const key = String(identity.error.issues[0]?.path[0] ?? '');
    const what = key === '' ? 'it is no mapping' : `${key} is missing or no text`;
    throw inputError(origin, [key], `a document is no Kubernetes object: ${what}`);
  }
  const { apiVersion, kind, items } = identity.data;
  const list = Items.safeParse(items);
  if (!kind.endsWith('List') || !list.success) {
    addObject(identity.data, origin, read);
    return;
  }
  // The API server leaves the kind out of the items of a typed list (DeploymentList).
  const common = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  list.data.forEach((item, index) => {
    const itemOrigin: Origin = { ...origin, prefix: ['items', index] };
    const checked = Identity.safeParse({ ...common, ...item });
    if (!checked.success) throw inputError(itemOrigin, [], `items[${index}] has no apiVersion or no kind`);
    addObject(checked.data, itemOrigin, read);
  });
}

function addObject(item: z.infer<typeof Identity>, origin: Origin, read: ReadObjects): void {
  count(read, item.kind);
  const schema = SCHEMAS.get(`${item.apiVersion} ${item.kind}`);
  if (!schema) return;
  const parsed = schema.safeParse(item);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = (issue?.path ?? []) as FieldPath;
    throw inputError(origin, path, `${item.kind}: ${fieldPath(path)}: ${issue?.message ?? 'invalid'}`);
  }
  read.objects.push({ source: origin.source.name, value: parsed.data, locate: (path) => positionOf(origin, path) });
}

function count({ kinds }: ReadObjects, kind: string): void {
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
}

/** The position of a field's key, or of an item of a list; of the nearest parent where it is absent. */
function positionOf(origin: Origin, path: FieldPath): Position {
  const { document, prefix } = origin;
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const key of [...prefix, ...path]) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((candidate) => isScalar(candidate.key) && String(candidate.key.value) === key);
      if (!pair || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key];
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    } else break;
  }
  return positionAt(origin, offset);
}

function positionAt({ source, lines }: Origin, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: source.linesBefore + line, column: col };
}

function plainValue(origin: Origin): unknown {
  try {
    return withoutNulls(origin.document.toJS({ maxAliasCount: 100 }));
  } catch (error) {
    // An alias to nothing, a bomb of aliases, or nesting deeper than the stack.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    throw notYaml(origin, error, origin.document.contents?.range[0] ?? 0);
  }
}

function notYaml(origin: Origin, error: Error, offset: number): InputError {
  const hint = origin.source.text.includes('{{') ? ' (a template? Render it first, as with helm template)' : '';
  const what = `not valid YAML: ${error.message}${hint}`;
  return errorAt(origin, positionAt(origin, offset), what, error);
}

function inputError(origin: Origin, path: FieldPath, what: string): InputError {
  return errorAt(origin, positionOf(origin, path), what);
}

function errorAt({ source }: Origin, { line, column }: Position, what: string, cause?: Error): InputError {
  return new InputError(`${source.name}:${line}:${column}: ${printable(what)}`, cause && { cause });
}
