import type { PodHandler } from '../answer.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { pacedBody } from '../paced-body.ts';
import { wholeNumber } from '../whole-number.ts';

/** GET /stream?chunks=10&intervalMs=100 : a response that takes a while to send and ends by itself. */
export function stream(lifecycle: Lifecycle): PodHandler {
  return (c) => {
    const count = wholeNumber('chunks', c.req.query('chunks') ?? '10', { min: 1, max: 1000 });
    const intervalMs = wholeNumber('intervalMs', c.req.query('intervalMs') ?? '100', { min: 0, max: 10_000 });
    const body = pacedBody({
      count,
      intervalMs,
      piece: (index) => `chunk ${index + 1} of ${count}\n`,
      begin: () => lifecycle.begin('streams'),
    });
    return c.body(body, 200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  };
}
