/** What every response tells about the pod that sent it, whatever the route or the status. */
import type { MiddlewareHandler } from 'hono';
import { wallMs } from './clock.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { RequestIds } from './request-ids.ts';

/**
 * x-pod-name · x-pod-state · x-server-time (ms since the epoch) · x-request-id as sent · x-request-count (how often
 * this pod has seen that id).
 */
export function podHeaders(podName: string, lifecycle: Lifecycle, requestIds: RequestIds): MiddlewareHandler {
  return async (c, next) => {
    const id = c.req.header('x-request-id');
    // Counted on arrival: a request that is cut before its response must show in the count of its repetition.
    const count = id === undefined ? undefined : requestIds.see(id);
    await next();
    // The headers of a WebSocket's 101 are the runtime's and cannot be changed.
    if (c.res.status === 101) return;
    const { headers } = c.res;
    headers.set('x-pod-name', podName);
    headers.set('x-pod-state', lifecycle.state);
    headers.set('x-server-time', wallMs().toFixed(3));
    if (id !== undefined && count !== undefined) {
      headers.set('x-request-id', id);
      headers.set('x-request-count', String(count));
    }
  };
}
