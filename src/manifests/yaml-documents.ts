/** Reads a stream of YAML documents: their plain values, and where each field stands. */
import { Composer, type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, Parser } from 'yaml';
import { InputError } from '../errors.ts';
import { printable } from '../printable.ts';

/** What an alias may multiply a document by. */
const MAX_ALIASES = 100;

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

/** A part of a source that is read alone, and how many lines stand before it. */
export interface YamlPart extends ManifestSource {
  linesBefore: number;
}

export interface YamlDocument {
  /** Without nulls. */
  value: unknown;
  /** The position of a field's key, or of an item of a list; of the nearest parent where it is absent. */
  positionOf(path: FieldPath): Position;
}

/** The documents as text: `---` at the start of a line ends one wherever it stands. Directives need the whole. */
export function yamlParts({ name, text }: ManifestSource): YamlPart[] {
  const parts = /^%/m.test(text) ? [text] : text.split(/^(?=---(?:\s|$))/m);
  let linesBefore = 0;
  return parts.map((part) => {
    const chunk = { name, text: part, linesBefore };
    linesBefore += part.split('\n').length - 1;
    return chunk;
  });
}

/**
 * The documents of a part that are not empty, one at a time.
 * @throws InputError that names file, line and column of what is no YAML
 */
export function* yamlDocuments(part: YamlPart): Generator<YamlDocument> {
  const lines = new LineCounter();
  // kubectl reads merge keys too (`<<: *base`).
  const composer = new Composer({ merge: true, prettyErrors: false, logLevel: 'silent' });
  const parser = new Parser(lines.addNewLine);
  const read = (document: Document.Parsed) => readDocument({ part, document, lines });
  for (const token of parser.parse(part.text)) for (const document of composer.next(token)) yield* read(document);
  for (const document of composer.end()) yield* read(document);
}

/** One line: `shop.yaml:7:3: what is wrong`. */
export function errorAt({ name }: { name: string }, { line, column }: Position, what: string, cause?: Error) {
  return new InputError(`${name}:${line}:${column}: ${printable(what)}`, cause && { cause });
}

interface Origin {
  part: YamlPart;
  document: Document.Parsed;
  lines: LineCounter;
}

function* readDocument(origin: Origin): Generator<YamlDocument> {
  const problem = origin.document.errors[0];
  if (problem) throw notYaml(origin, problem, problem.pos[0]);
  const value = plainValue(origin);
  if (value === null || value === undefined) return;
  yield { value, positionOf: (path) => positionOf(origin, path) };
}

function plainValue(origin: Origin): unknown {
  try {
    return withoutNulls(origin.document.toJS({ maxAliasCount: MAX_ALIASES }));
  } catch (error) {
    // An alias to nothing, a bomb of aliases, or nesting deeper than the stack.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    throw notYaml(origin, error, origin.document.contents?.range[0] ?? 0);
  }
}

/** A field that is null is one that is absent, as for the API server. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const present = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(present.map(([key, item]) => [key, withoutNulls(item)]));
}

function positionOf({ part, document, lines }: Origin, path: FieldPath): Position {
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
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    } else break;
  }
  return positionAt(part, lines, offset);
}

function positionAt(part: YamlPart, lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: part.linesBefore + line, column: col };
}

function notYaml({ part, lines }: Origin, error: Error, offset: number): InputError {
  const hint = part.text.includes('{{') ? ' (a template? Render it first, as with helm template)' : '';
  const what = `not valid YAML: ${error.message}${hint}`;
  return errorAt(part, positionAt(part, lines, offset), what, error);
}
