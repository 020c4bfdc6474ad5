/** Reads a stream of YAML documents: their plain values, and the position of each field. */
import { Composer, type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, Parser, visit } from 'yaml';
import { InputError } from '../errors.ts';
import { printable } from '../printable.ts';
import { MAX_DOCUMENTS, MAX_PARSED_CHARACTERS, MIB } from './limits.ts';

/** How many times larger aliases may make a document. */
const MAX_ALIASES = 100;
/** Ten times the depth of the deepest custom resource definition. Deeper nesting may overflow the stack of a reader. */
const MAX_DEPTH = 500;

/** A field by its keys and indices: `['spec', 'template', 'spec', 'containers', 0]`. */
export type FieldPath = readonly (string | number)[];

/** Both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** A YAML text and its name. */
export interface ManifestSource {
  /** For messages: the path of a file, `stdin`, or the rendered folder. */
  name: string;
  text: string;
}

/** A part of a source that is parsed separately, and the number of lines before it. */
export interface YamlPart extends ManifestSource {
  linesBefore: number;
}

export interface YamlDocument {
  /** Without nulls. */
  value: unknown;
  /** The position of a field's key or of a list item; if the field is absent, of its nearest parent. */
  positionOf(path: FieldPath): Position;
}

/**
 * Splits a source into its documents before parsing. `---` at the start of a line always begins a new document. A
 * source with directives (`%`) is not split, because they apply to what follows.
 * @throws InputError if there are more than `MAX_DOCUMENTS` documents
 */
export function yamlParts({ name, text }: ManifestSource): YamlPart[] {
  if (/^%/m.test(text)) return [{ name, text, linesBefore: 0 }];
  const parts: YamlPart[] = [];
  let linesBefore = 0;
  let start = 0;
  const add = (end: number) => {
    const part = { name, text: text.slice(start, end), linesBefore };
    linesBefore += linesIn(part.text);
    start = end;
    if (/[^\s-]/.test(part.text)) parts.push(part);
  };
  for (const { index } of text.matchAll(/^---(?=\s|$)/gm)) {
    if (index > start) add(index);
    if (parts.length > MAX_DOCUMENTS) throw new InputError(`${name}: more than ${MAX_DOCUMENTS} documents`);
  }
  add(text.length);
  return parts;
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/** @throws InputError if parsing the parts would take too long */
export function assertParsable(parts: readonly YamlPart[]): void {
  const characters = parts.reduce((sum, { text }) => sum + text.length, 0);
  if (characters <= MAX_PARSED_CHARACTERS) return;
  const mib = MAX_PARSED_CHARACTERS / MIB;
  throw new InputError(`${parts[0]?.name}: more than ${mib} MiB of YAML to parse: pass fewer objects at a time`);
}

/**
 * The non-empty documents of a part, one at a time.
 * @throws InputError that names file, line and column of invalid YAML
 */
export function* yamlDocuments(part: YamlPart): Generator<YamlDocument> {
  const lines = new LineCounter();
  // kubectl accepts merge keys too (`<<: *base`). The library checks unique keys by comparing each with all others: too
  // slow.
  const composer = new Composer({ merge: true, uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  const parser = new Parser(lines.addNewLine);
  const composed = function* () {
    for (const token of parser.parse(part.text)) yield* composer.next(token);
    yield* composer.end();
  };
  for (const documents = composed(); ; ) {
    const document = nextDocument(part, documents);
    if (!document) return;
    yield* readDocument({ part, document, lines });
  }
}

/** @throws InputError if the nesting overflows the library's stack */
function nextDocument(part: YamlPart, documents: Iterator<Document.Parsed>): Document.Parsed | undefined {
  try {
    return documents.next().value;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw errorAt(part, { line: part.linesBefore + 1, column: 1 }, `not valid YAML: ${TOO_DEEP}`, error);
  }
}

const TOO_DEEP = `nested deeper than ${MAX_DEPTH} levels`;

/** An error of one line: `shop.yaml:7:3: the problem`. */
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
  const { document } = origin;
  try {
    const duplicate = firstDuplicateKey(document);
    if (duplicate !== undefined) throw notYaml(origin, new Error('Map keys must be unique'), duplicate);
    return withoutNulls(document.toJS({ maxAliasCount: MAX_ALIASES }));
  } catch (error) {
    if (error instanceof InputError) throw error;
    // The library throws for an undefined alias, an alias bomb, a merge of something other than a mapping, and nesting
    // deeper than the stack. All of these are errors in the text.
    throw notYaml(origin, error as Error, document.contents?.range[0] ?? 0);
  }
}

/** The offset of the first key that its mapping already has. */
function firstDuplicateKey(document: Document.Parsed): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || (key.value === '<<' && key.type === 'PLAIN')) continue;
        if (seen.has(key.value)) offset = key.range?.[0] ?? 0;
        if (offset !== undefined) return visit.BREAK;
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return offset;
}

/**
 * Removes null fields, because the API server treats null as absent.
 * @throws RangeError if the value is nested deeper than `MAX_DEPTH`
 */
export function withoutNulls(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) throw new RangeError(TOO_DEEP);
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, depth + 1));
  const present = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(present.map(([key, item]) => [key, withoutNulls(item, depth + 1)]));
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
  const problem = /call stack/.test(error.message) ? TOO_DEEP : error.message;
  const what = `not valid YAML: ${problem}${hint}`;
  return errorAt(part, positionAt(part, lines, offset), what, error);
}
