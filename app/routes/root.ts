import type { Handler } from 'hono';
import { bodyLength } from '../body-length.ts';
import { jsonFromPod } from '../pod-headers.ts';

/** GET, POST / : the ordinary short request. */
export function root(podName: string): Handler {
  return async (c) => jsonFromPod(c, { pod: podName, receivedBytes: await bodyLength(c.req.raw) });
}
