/** What the API server answers, or what answers in its place: told apart here, before anything relies on its form. */

/** The answer is not one that Kubernetes gives. The message continues the sentence "the API server answers …". */
export class AnswerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AnswerError';
  }
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i;

/**
 * The body as text. An answer that says it succeeded must be a JSON object, and its items, if it has any, objects with
 * metadata.
 * @throws AnswerError for what is not
 */
export function answerText(status: number, headers: Record<string, string>, body: Buffer): string {
  const text = body.toString();
  if (status >= 300 && status < 400) throw new AnswerError(`with a redirect${to(headers.location)}`);
  if (status < 200 || status > 299) return text;
  const type = headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type))
    throw new AnswerError(`with ${type === '' ? 'no content type' : (type.split(';')[0] ?? '')}, not JSON`);
  const answer = parsed(text);
  if (!isObject(answer)) throw new AnswerError(`with ${describe(answer)}, not with an object`);
  if (!('items' in answer)) {
    if (answer.metadata !== undefined && !isObject(answer.metadata)) {
      throw new AnswerError(`with metadata that is ${describe(answer.metadata)}`);
    }
    return text;
  }
  // Go writes a list that was never filled as null.
  const isEmpty = answer.items === null;
  assertItems(isEmpty ? [] : answer.items);
  return isEmpty ? JSON.stringify({ ...answer, items: [] }) : text;
}

function assertItems(items: unknown): void {
  if (!Array.isArray(items)) throw new AnswerError(`with items that are ${describe(items)}, not a list`);
  const bad = items.find((item) => !hasName(item));
  if (bad !== undefined || items.includes(undefined)) throw new AnswerError('with an item that is no named object');
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
