/** Reads a stream of YAML documents: their plain values, and the position of each field. */
import { Composer, type Document, LineCounter, Parser, type Tags } from 'yaml';
import { InputError } from '../errors.ts';
import { printable } from '../printable.ts';
import { jsonObjectStarts } from './json-stream.ts';
import { MAX_DOCUMENTS, MAX_PARSED_CHARACTERS, MIB } from './limits.ts';
import { offsetOf, repeatedKeys } from './yaml-nodes.ts';
import { KUBECTL_SCALARS } from './yaml-scalars.ts';

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
  /** It was found in a folder or by a pattern, so it may be something else than manifests. */
  searched?: boolean;
}

/** One document cannot be read; the other documents of its source can. The message is one line with the position. */
export class DocumentError extends InputError {
  readonly source: string;
  readonly position: Position;
  /** Without the position. */
  readonly problem: string;
  constructor({ name }: { name: string }, position: Position, problem: string, cause?: Error) {
    super(`${name}:${position.line}:${position.column}: ${printable(problem)}`, cause && { cause });
    this.source = name;
    this.position = position;
    this.problem = printable(problem);
  }
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
  /** Keys that a mapping has twice. As for kubectl, the last one counts. */
  duplicateKeys: readonly DuplicateKey[];
}

export interface DuplicateKey {
  key: string;
  /** The path of the key. */
  path: FieldPath;
  position: Position;
  firstLine: number;
}

/**
 * Splits a source into its documents before parsing. `---` at the start of a line always begins a new document; objects
 * of JSON need no separator. A source with directives (`%`) is not split, because they apply to what follows.
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
  const json = jsonObjectStarts(text);
  for (const index of json.length > 1 ? json : separators(text)) {
    if (index > start) add(index);
    if (parts.length > MAX_DOCUMENTS) throw new InputError(`${name}: more than ${MAX_DOCUMENTS} documents`);
  }
  add(text.length);
  return parts;
}

/** One at a time, because a text may have millions of them. */
function* separators(text: string): Generator<number> {
  for (const { index } of text.matchAll(/^---(?=\s|$)/gm)) yield index;
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

const COMPOSER_OPTIONS = {
  // Only strings, lists and mappings, to which kubectl's scalars and merge keys (`<<: *base`) are added.
  schema: 'failsafe',
  customTags: (tags: Tags) => [...tags, ...KUBECTL_SCALARS],
  merge: true,
  // The library compares each key with all others: too slow.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/**
 * The non-empty documents of a part, one at a time.
 * @throws DocumentError for invalid YAML
 */
export function* yamlDocuments(part: YamlPart): Generator<YamlDocument> {
  const lines = new LineCounter();
  const composer = new Composer(COMPOSER_OPTIONS);
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

/** @throws DocumentError if the nesting overflows the library's stack */
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
export function errorAt(source: { name: string }, position: Position, what: string, cause?: Error): DocumentError {
  return new DocumentError(source, position, what, cause);
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
  const positionAt = (offset: number) => positionIn(origin, offset);
  yield {
    value,
    positionOf: (path) => positionAt(offsetOf(origin.document, path)),
    duplicateKeys: repeatedKeys(origin.document).map(({ key, path, offset, firstOffset }) => ({
      key,
      path,
      position: positionAt(offset),
      firstLine: positionAt(firstOffset).line,
    })),
  };
}

function plainValue(origin: Origin): unknown {
  const { document } = origin;
  try {
    return withoutNulls(document.toJS({ maxAliasCount: MAX_ALIASES }));
  } catch (error) {
    // The library throws for an undefined alias, an alias bomb, a merge of something other than a mapping, and nesting
    // deeper than the stack. All of these are errors in the text.
    throw notYaml(origin, error as Error, document.contents?.range[0] ?? 0);
  }
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

function positionIn({ part, lines }: Origin, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: part.linesBefore + line, column: col };
}

function notYaml(origin: Origin, error: Error, offset: number): DocumentError {
  const { part } = origin;
  const hint = part.text.includes('{{') ? ' (a template? Render it first, as with helm template)' : '';
  const problem = /call stack/.test(error.message) ? TOO_DEEP : error.message;
  const what = `not valid YAML: ${problem}${hint}`;
  return errorAt(part, positionIn(origin, offset), what, error);
}
