import type { Handler } from 'hono';
import { bodyLength } from '../body-length.ts';

/** GET, POST / : the ordinary short request. */
export function root(podName: string): Handler {
  return async (c) => c.json({ pod: podName, receivedBytes: await bodyLength(c.req.raw) });
}
