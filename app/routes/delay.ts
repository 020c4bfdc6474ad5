import type { PodHandler } from '../answer.ts';
import { bodyLength } from '../body-length.ts';
import { sleep } from '../sleep.ts';
import { wholeNumber } from '../whole-number.ts';

const MAX_MS = 60_000;

/** GET, POST /delay/:ms : a request that is in flight for that long, even if its client disconnects. */
export function delay(podName: string): PodHandler {
  return async (c, exchange) => {
    const ms = wholeNumber('ms', c.req.param('ms') ?? '', { min: 0, max: MAX_MS });
    const receivedBytes = await bodyLength(c.req.raw);
    await sleep(ms);
    return exchange.json({ pod: podName, receivedBytes, delayedMs: ms });
  };
}
