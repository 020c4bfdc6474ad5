/** What every response tells about the pod that sent it, whatever the route or the status. */
import type { Context, MiddlewareHandler } from 'hono';
import { wallMs } from './clock.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { RequestIds } from './request-ids.ts';

declare module 'hono' {
  interface ContextVariableMap {
    /** The headers as they are at that moment. */
    podHeaders: () => Record<string, string>;
    /** The response has them already. */
    hasPodHeaders: boolean;
  }
}

/**
 * x-pod-name · x-pod-state · x-server-time (ms since the epoch) · x-request-id as sent · x-request-count (how often
 * this pod has seen that id).
 */
export function podHeaders(podName: string, lifecycle: Lifecycle, requestIds: RequestIds): MiddlewareHandler {
  return async (c, next) => {
    const id = c.req.header('x-request-id');
    // Counted on arrival: a request that is cut before its response must show in the count of its repetition.
    const count = id === undefined ? undefined : requestIds.see(id);
    c.set('podHeaders', () => ({
      'x-pod-name': podName,
      'x-pod-state': lifecycle.state,
      'x-server-time': wallMs().toFixed(3),
      ...(id !== undefined && count !== undefined && { 'x-request-id': id, 'x-request-count': String(count) }),
    }));
    await next();
    // The headers of a WebSocket's 101 are the runtime's and cannot be changed.
    if (c.get('hasPodHeaders') || c.res.status === 101) return;
    for (const [name, value] of Object.entries(c.get('podHeaders')())) c.res.headers.set(name, value);
  };
}

/**
 * JSON that has these headers from the start. Set on a response that is there they cost Node, which builds it only then,
 * more than all else about a short request.
 */
export function jsonFromPod(c: Context, data: object): Response {
  c.set('hasPodHeaders', true);
  const headers = { 'content-type': 'application/json', ...c.get('podHeaders')() };
  return new Response(JSON.stringify(data), { headers });
}
