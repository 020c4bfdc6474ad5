/** One watch of the API server, from its request to its end. */
import type { KubernetesObject } from '@kubernetes/client-node';
import * as z from 'zod';
import type { KubernetesApi } from './api.ts';
import { linesOf } from './response-lines.ts';

/**
 * The server sends a bookmark every minute where nothing else happens, though not for events. After a longer silence the
 * watch is asked for again: its connection may have been lost without a sign.
 */
const BELIEVED_SILENCE_MS = 90_000;
/** The API server takes objects of 1.5 MB at most. */
const MAX_EVENT_LENGTH = 4 * 1024 * 1024;

const HTTP_OK = 200;
const HTTP_GONE = 410;

const Metadata = z.looseObject({ resourceVersion: z.string().optional(), uid: z.string().optional() });
const WatchEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.enum(['ADDED', 'MODIFIED', 'DELETED']),
    object: z.looseObject({ metadata: Metadata.extend({ name: z.string() }) }),
  }),
  z.object({ type: z.literal('BOOKMARK'), object: z.looseObject({ metadata: Metadata }) }),
  z.object({
    type: z.literal('ERROR'),
    object: z.looseObject({ code: z.int().optional(), message: z.string().optional() }),
  }),
]);

/** A change of one object, or how far the watch is (BOOKMARK). */
export interface ObjectEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/** Why a watch could not be made or cannot go on. */
export class WatchError extends Error {
  /** The server has forgotten where the watch was: it takes a new list. */
  readonly gone: boolean;
  /** The server asks for a pause of so many ms. */
  readonly retryAfterMs: number;

  constructor(message: string, { gone = false, retryAfterMs = 0 } = {}) {
    super(message);
    this.name = 'WatchError';
    this.gone = gone;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The events since that version, until the server ends the watch, or says nothing for long.
 * @param path of the collection: /api/v1/namespaces/NAME/pods
 * @throws WatchError for what the server says instead; the error of the connection when it is lost or aborted
 */
export async function* watchEvents<T extends KubernetesObject>(
  api: KubernetesApi,
  path: string,
  query: Record<string, string>,
  signal: AbortSignal,
): AsyncGenerator<ObjectEvent<T>> {
  const response = await api.get(path, { ...query, watch: 'true', allowWatchBookmarks: 'true' }, signal);
  if (response.statusCode !== HTTP_OK) {
    response.destroy();
    const retryAfterMs = Number(response.headers['retry-after'] ?? 0) * 1000 || 0;
    const gone = response.statusCode === HTTP_GONE;
    throw new WatchError(`the watch is refused with HTTP status ${response.statusCode}`, { gone, retryAfterMs });
  }
  let isSilent = false;
  const silence = setTimeout(() => {
    isSilent = true;
    response.destroy();
  }, BELIEVED_SILENCE_MS);
  try {
    for await (const line of linesOf(response, MAX_EVENT_LENGTH)) {
      silence.refresh();
      const { type, object } = read(line);
      if (type === 'ERROR') {
        throw new WatchError(object.message ?? 'an error without words', { gone: object.code === HTTP_GONE });
      }
      yield { type, object: object as unknown as T };
    }
  } catch (error) {
    if (!isSilent) throw error;
  } finally {
    clearTimeout(silence);
    response.destroy();
  }
}

function read(line: string): z.infer<typeof WatchEvent> {
  try {
    return WatchEvent.parse(JSON.parse(line));
  } catch {
    throw new WatchError(`the server sent something that is no event: ${line.slice(0, 80)}`);
  }
}
