import type { PodHandler } from '../answer.ts';
import { bodyLength } from '../body-length.ts';

/** POST /upload : takes a body of any size and says how long it was. */
export const upload: PodHandler = async (c) => c.json({ receivedBytes: await bodyLength(c.req.raw) });
