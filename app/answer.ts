/** How this pod answers on any route: every request is counted, every response names the pod, a failure is a response. */
import type { Context } from 'hono';
import { Exchange, type Pod } from './exchange.ts';

/** What a route does. `exchange.json` is the quick way to answer; any other response gets the pod's headers later. */
export type PodHandler = (c: Context, exchange: Exchange) => Response | Promise<Response>;

/**
 * Hono's handler for one route. It is no middleware, which would make a promise of every answer: what is answered at
 * once goes out in the same turn, and on Node without a detour.
 * @param route its pattern, as the counts name it
 * @param failed makes the response when the handler throws
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
