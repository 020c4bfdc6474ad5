/** Counts every request when it was answered, by route and status. */
import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';

export interface RequestCount {
  /** The route's pattern, or "unmatched": never the path, which clients can make up without end. */
  route: string;
  status: number;
  count: number;
}

export class RequestCounts {
  #counts = new Map<string, RequestCount>();

  add(route: string, status: number): void {
    const key = `${route} ${status}`;
    const entry = this.#counts.get(key);
    if (entry) entry.count++;
    else this.#counts.set(key, { route, status, count: 1 });
  }

  [Symbol.iterator](): Iterator<RequestCount> {
    return this.#counts.values();
  }
}

export function countRequests(counts: RequestCounts): MiddlewareHandler {
  return async (c, next) => {
    try {
      await next();
    } finally {
      // Middleware matches under /*; what is left is the route itself.
      const route = matchedRoutes(c).find(({ path }) => path !== '/*')?.path ?? 'unmatched';
      counts.add(route, c.res.status);
    }
  };
}
