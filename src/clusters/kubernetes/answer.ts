/** Checks that an answer is one that Kubernetes gives, and not that of a proxy, before anything relies on its form. */
import { EnvironmentError, ProgramError } from '../../errors.ts';

/** The answer is not one that Kubernetes gives. The message continues the sentence "the API server answers …". */
export class AnswerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AnswerError';
  }
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i;

/** No Kubernetes object is nested nearly this deep. Parsing JSON that is takes seconds. */
const DEEPEST = 500;

export interface Answer {
  text: string;
  /** What a success says; undefined for a refusal, whose body may be anything. */
  object?: Record<string, unknown>;
}

/**
 * The body. An answer that says it succeeded must be a JSON object, and its items, if it has any, objects with metadata.
 * @throws AnswerError for any other answer
 */
export function answerOf(status: number, headers: Record<string, string>, body: Buffer): Answer {
  const text = body.toString();
  if (status >= 300 && status < 400) throw new AnswerError(`with a redirect${to(headers.location)}`);
  if (status < 200 || status > 299) return { text };
  const type = headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type)) {
    throw new AnswerError(`with ${type === '' ? 'no content type' : (type.split(';')[0] ?? '')}, not JSON`);
  }
  if (isDeep(body)) throw new AnswerError(`with JSON that is nested more than ${DEEPEST} deep`);
  const object = parsed(text);
  if (!isObject(object)) throw new AnswerError(`with ${describe(object)}, not with an object`);
  if ('items' in object) {
    // Go writes a list that was never filled as null.
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
      if (++depth > DEEPEST) return true;
    } else if (byte === CLOSE || byte === CLOSE_LIST) depth--;
  }
  return false;
}

function assertItems(items: unknown): void {
  if (!Array.isArray(items)) throw new AnswerError(`with items that are ${describe(items)}, not a list`);
  const bad = items.find((item) => !hasName(item));
  if (bad !== undefined || items.includes(undefined)) throw new AnswerError('with an item that is no named object');
}

/** The items of what should be a list. @throws AnswerError where it is another object */
export function itemsOf<T>({ items }: { items?: unknown }, resource: string): T[] {
  if (!Array.isArray(items)) throw new AnswerError(`with something else than a list of ${resource}`);
  return items as T[];
}

/** The error of reading an object that came by a watch, and was not checked: the object's fault where it is not ours. */
export function unreadable(error: unknown): Error {
  if (error instanceof ProgramError) return error;
  const form = 'the API server sent an object in a form that Kubernetes does not have';
  return new EnvironmentError(`${form}: ${(error as Error).message}`, { cause: error });
}

/** As every object of Kubernetes has. */
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
    throw new AnswerError('with JSON that is not valid'); // the parser's own error would quote it
  }
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The host alone: the rest may hold a ticket. */
function to(location: string | undefined): string {
  return location !== undefined && URL.canParse(location) ? ` to ${new URL(location).host}` : '';
}
