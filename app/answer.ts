/**
 * What all routes have in common: requests are counted, responses name the pod, and an exception becomes a response.
 */
import type { Context } from 'hono';
import { Exchange, type Pod } from './exchange.ts';

/** A route's handler. `exchange.json` is the fast way to answer; other responses get the pod's headers afterwards. */
export type PodHandler = (c: Context, exchange: Exchange) => Response | Promise<Response>;

/**
 * Hono's handler for one route. It is not a middleware, because that would turn every response into a promise. A
 * response that is ready at once is sent in the same turn of the event loop, and on Node on the adapter's fast path.
 * @param route the route's pattern, under which requests are counted
 * @param failed makes the response if the handler throws
 */
export function answer(
  route: string,
  handler: PodHandler,
  failed: (error: unknown, c: Context) => Response,
  pod: Pod,
): (c: Context) => Response | Promise<Response> {
  const finish = (exchange: Exchange, unnamed: Response) => {
    const response = exchange.named(unnamed);
    pod.requestCounts.add(route, response.status);
    return response;
  };
  return (c) => {
    const exchange = new Exchange(pod, c.req.header('x-request-id'));
    let response: Response | Promise<Response>;
    try {
      response = handler(c, exchange);
    } catch (error) {
      response = failed(error, c);
    }
    if (!(response instanceof Promise)) return finish(exchange, response);
    return response.catch((error) => failed(error, c)).then((late) => finish(exchange, late));
  };
}
