/** Kubernetes objects out of YAML, each field with its line. */
import { Composer, type Document, isAlias, isMap, isScalar, isSeq, LineCounter, Parser } from 'yaml';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { withoutNulls } from '../manifests/manifests.ts';
import { fieldPath } from '../schema-issue.ts';
import { type CheckedObject, SCHEMAS } from './objects.ts';

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
 * Reads a stream of YAML documents, lists included, one document at a time.
 * @throws InputError that names file and line of what is no YAML, no Kubernetes object, or a field of the wrong type
 */
export function readObjects(source: ManifestSource): ReadObjects {
  const read: ReadObjects = { objects: [], kinds: new Map() };
  const lines = new LineCounter();
  for (const document of documents(source.text, lines)) {
    const problem = document.errors[0];
    if (problem) throw notYaml(source, problem, lines.linePos(problem.pos[0]));
    const value = plainValue(document, source, lines);
    if (value === null || value === undefined) continue;
    for (const { item, prefix } of itemsOf(value, source, document, lines)) {
      add(read, item, { source, document, lines, prefix });
    }
  }
  return read;
}

function* documents(text: string, lines: LineCounter): Generator<Document.Parsed> {
  // kubectl reads merge keys too (`<<: *base`).
  const composer = new Composer({ merge: true, prettyErrors: false, logLevel: 'silent' });
  for (const token of new Parser(lines.addNewLine).parse(text)) yield* composer.next(token);
  yield* composer.end();
}

interface Origin {
  source: ManifestSource;
  document: Document.Parsed;
  lines: LineCounter;
  /** Where in the document the object is: empty but for an item of a list. */
  prefix: FieldPath;
}

/** The object itself, or the items of a list. */
function itemsOf(value: unknown, source: ManifestSource, document: Document.Parsed, lines: LineCounter) {
  const identity = Identity.safeParse(value);
  if (!identity.success) {
    const key = String(identity.error.issues[0]?.path[0] ?? '');
    const what = key === '' ? 'it is no mapping' : `${key} is missing or no text`;
    throw inputError(source, position(document, lines, [key]), `a document is no Kubernetes object: ${what}`);
  }
  const { apiVersion, kind, items } = identity.data;
  const list = Items.safeParse(items);
  if (!kind.endsWith('List') || !list.success) return [{ item: identity.data, prefix: [] as FieldPath }];
  // The API server leaves the kind out of the items of a typed list (DeploymentList).
  const common = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return list.data.map((item, index) => {
    const prefix: FieldPath = ['items', index];
    const checked = Identity.safeParse({ ...common, ...item });
    if (checked.success) return { item: checked.data, prefix };
    throw inputError(source, position(document, lines, prefix), `items[${index}] has no apiVersion or no kind`);
  });
}

function add(read: ReadObjects, item: z.infer<typeof Identity>, origin: Origin): void {
  const { source, document, lines, prefix } = origin;
  read.kinds.set(item.kind, (read.kinds.get(item.kind) ?? 0) + 1);
  const schema = SCHEMAS.get(`${item.apiVersion} ${item.kind}`);
  if (!schema) return;
  const parsed = schema.safeParse(item);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = (issue?.path ?? []) as FieldPath;
    const what = `${item.kind}: ${fieldPath(path)}: ${issue?.message ?? 'invalid'}`;
    throw inputError(source, position(document, lines, [...prefix, ...path]), what);
  }
  read.objects.push({
    source: source.name,
    value: parsed.data,
    locate: (path) => position(document, lines, [...prefix, ...path]),
  });
}

/** The position of a field's key, or of an item of a list; of the nearest parent where it is absent. */
function position(document: Document.Parsed, lines: LineCounter, path: FieldPath): Position {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((candidate) => isScalar(candidate.key) && String(candidate.key.value) === key);
      if (!pair || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key];
      offset = rangeOf(node)?.[0] ?? offset;
    } else break;
  }
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function rangeOf(node: unknown): readonly number[] | undefined {
  return (node as { range?: readonly number[] | null } | undefined)?.range ?? undefined;
}

function plainValue(document: Document.Parsed, source: ManifestSource, lines: LineCounter): unknown {
  try {
    return withoutNulls(document.toJS({ maxAliasCount: 100 }));
  } catch (error) {
    // An alias to nothing, a bomb of aliases, or nesting deeper than the stack.
    if (error instanceof ReferenceError || error instanceof RangeError) {
      throw notYaml(source, error, lines.linePos(document.contents?.range[0] ?? 0));
    }
    throw error;
  }
}

function notYaml(source: ManifestSource, error: Error, { line, col }: { line: number; col: number }): InputError {
  const hint = source.text.includes('{{') ? ' (a template? Render it first, as with helm template)' : '';
  const what = `not valid YAML: ${error.message.split('\n')[0]}${hint}`;
  return inputError(source, { line, column: col }, what, error);
}

function inputError(source: ManifestSource, { line, column }: Position, what: string, cause?: Error): InputError {
  return new InputError(`${source.name}:${line}:${column}: ${what}`, cause && { cause });
}
