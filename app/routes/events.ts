import type { PodHandler } from '../answer.ts';
import { wallMs } from '../clock.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { pacedBody } from '../paced-body.ts';

const INTERVAL_MS = 1000;

/** GET /events : server-sent events, one per second, until the client disconnects or the pod drains. */
export function events(lifecycle: Lifecycle): PodHandler {
  return (c) => {
    const body = pacedBody({
      count: Number.POSITIVE_INFINITY,
      intervalMs: INTERVAL_MS,
      piece: (index) => `id: ${index}\nevent: tick\ndata: ${wallMs().toFixed(3)}\n\n`,
      begin: (end) => lifecycle.begin('eventStreams', end),
    });
    return c.body(body, 200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  };
}
