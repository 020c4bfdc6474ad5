/** A single watch request to the API server, from the request to its end. */
import type { KubernetesObject } from '@kubernetes/client-node';
import * as z from 'zod';
import type { KubernetesApi } from './api.ts';
import { linesOf } from './response-lines.ts';

/**
 * The server sends a bookmark every minute if nothing else happens, though not for Event objects. After a longer
 * silence the watch is requested again, because its connection may be dead.
 */
const MAX_SILENCE_MS = 90_000;
/** The API server accepts objects of at most 1.5 MB. */
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

/** A change of one object, or only a new resource version (BOOKMARK). */
export interface ObjectEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/** Why a watch was refused or cannot continue. */
export class WatchError extends Error {
  /** The server no longer has the requested resource version; a new list is needed. */
  readonly gone: boolean;
  /** How long the server asks to wait, in ms. */
  readonly retryAfterMs: number;

  constructor(message: string, { gone = false, retryAfterMs = 0 } = {}) {
    super(message);
    this.name = 'WatchError';
    this.gone = gone;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The events since a resource version, until the server ends the watch or is silent for too long.
 * @param path of the collection: /api/v1/namespaces/NAME/pods
 * @throws WatchError if the server refuses or reports an error; the connection's error if it is lost or aborted
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
  }, MAX_SILENCE_MS);
  try {
    for await (const line of linesOf(response, MAX_EVENT_LENGTH)) {
      silence.refresh();
      const { type, object } = read(line);
      if (type === 'ERROR') {
        throw new WatchError(object.message ?? 'an error without a message', { gone: object.code === HTTP_GONE });
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
    throw new WatchError(`the server sent something that is not an event: ${line.slice(0, 80)}`);
  }
}
