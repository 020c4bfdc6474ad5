/** Checks that a response comes from Kubernetes, and not from a proxy, before anything relies on its form. */
import { EnvironmentError, ProgramError } from '../../errors.ts';

/** The response does not come from Kubernetes. The message continues the sentence "the API server answers …". */
export class AnswerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AnswerError';
  }
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i;

/** No Kubernetes object is nested nearly this deep. Parsing JSON that is nested deeper takes seconds. */
const MAX_DEPTH = 500;

export interface Answer {
  text: string;
  /** The object in a successful response; undefined for an error response, whose body may be anything. */
  object?: Record<string, unknown>;
}

/**
 * Checks a response and returns its body. A success must be a JSON object, and its items, if it has any, objects with
 * metadata.
 * @throws AnswerError for any other success, and for a redirect
 */
export function answerOf(status: number, headers: Record<string, string>, body: Buffer): Answer {
  const text = body.toString();
  if (status >= 300 && status < 400) throw new AnswerError(`with a redirect${to(headers.location)}`);
  if (status < 200 || status > 299) return { text };
  const type = headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type)) {
    throw new AnswerError(`with ${type === '' ? 'no content type' : (type.split(';')[0] ?? '')}, not JSON`);
  }
  if (isDeep(body)) throw new AnswerError(`with JSON nested deeper than ${MAX_DEPTH} levels`);
  const object = parsed(text);
  if (!isObject(object)) throw new AnswerError(`with ${describe(object)}, not an object`);
  if ('items' in object) {
    // Go encodes a nil slice as null.
    if (object.items === null)
      return { text: JSON.stringify({ ...object, items: [] }), object: { ...object, items: [] } };
    assertItems(object.items);
  } else if (object.metadata !== undefined && !isObject(object.metadata)) {
    throw new AnswerError(`with metadata that is ${describe(object.metadata)}`);
  }
  return { text, object };
}

const [QUOTE, BACKSLASH, OPEN, OPEN_LIST, CLOSE, CLOSE_LIST] = Buffer.from('"\\{[}]');

function isDeep(json: Buffer): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (quoted) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPEN || byte === OPEN_LIST) {
      if (++depth > MAX_DEPTH) return true;
    } else if (byte === CLOSE || byte === CLOSE_LIST) depth--;
  }
  return false;
}

function assertItems(items: unknown): void {
  if (!Array.isArray(items)) throw new AnswerError(`with items that are ${describe(items)}, not a list`);
  const bad = items.find((item) => !hasName(item));
  if (bad !== undefined || items.includes(undefined)) throw new AnswerError('with an item that is not a named object');
}

/** The items of a list. @throws AnswerError if the object is not a list */
export function itemsOf<T>({ items }: { items?: unknown }, resource: string): T[] {
  if (!Array.isArray(items)) throw new AnswerError(`with something other than a list of ${resource}`);
  return items as T[];
}

/**
 * Turns an error in handling an object from a watch into one for the user: such objects are not checked, so they may be
 * malformed.
 */
export function unreadable(error: unknown): Error {
  if (error instanceof ProgramError) return error;
  const form = 'the API server sent an object that does not have the form of a Kubernetes object';
  return new EnvironmentError(`${form}: ${(error as Error).message}`, { cause: error });
}

/** Whether it has metadata with a name, as every Kubernetes object does. */
export function hasName(value: unknown): value is { metadata: { name: string } } {
  return isObject(value) && isObject(value.metadata) && typeof value.metadata.name === 'string';
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AnswerError('with JSON that is not valid'); // the parser's error would quote the text
  }
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Only the host, because the rest of the URL may contain a credential. */
function to(location: string | undefined): string {
  return location !== undefined && URL.canParse(location) ? ` to ${new URL(location).host}` : '';
}
