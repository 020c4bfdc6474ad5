import type { PodHandler } from '../answer.ts';
import { bodyLength } from '../body-length.ts';

/** POST /upload : reads a body of any size and returns its length. */
export const upload: PodHandler = async (c) => c.json({ receivedBytes: await bodyLength(c.req.raw) });
