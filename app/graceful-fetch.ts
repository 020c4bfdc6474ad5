/** Wraps any fetch handler for a server that shuts down gracefully. */
import type { Lifecycle } from './lifecycle.ts';
import { readiness } from './readiness.ts';

/** A fetch handler. Runtimes pass further arguments after the request. */
export type FetchHandler<More extends unknown[] = []> = (
  request: Request,
  ...more: More
) => Response | Promise<Response>;

/**
 * Wraps a handler: its requests count as work until they are answered, and once the server is shutting down, its
 * responses ask the client to close the connection.
 * @param readinessPath the path that answers readiness probes, if any
 */
export function gracefulFetch<More extends unknown[]>(
  fetch: FetchHandler<More>,
  lifecycle: Lifecycle,
  readinessPath?: string,
): FetchHandler<More> {
  const respond: FetchHandler<More> = (request, ...more) =>
    readinessPath !== undefined && new URL(request.url).pathname === readinessPath
      ? readiness(lifecycle)
      : fetch(request, ...more);

  const finished = (response: Response, finish: () => void) => {
    finish();
    // Also for probes and errors: every connection must be closed, whoever holds it. The kubelet opens a new one for
    // each probe anyway.
    return lifecycle.closing ? closing(response) : response;
  };

  return (request, ...more) => {
    const finish = lifecycle.begin('requests');
    let response: Response | Promise<Response>;
    try {
      response = respond(request, ...more);
    } catch (error) {
      finish();
      throw error;
    }
    // A response that is ready at once is not wrapped in a promise, so Node sends it on its fast path.
    if (!('then' in response)) return finished(response, finish);
    return response.then(
      (late) => finished(late, finish),
      (error) => {
        finish();
        throw error;
      },
    );
  };
}

function closing(response: Response): Response {
  // The runtime sets the headers of a WebSocket's 101 response, and they cannot be changed.
  if (response.status === 101) return response;
  try {
    response.headers.set('connection', 'close');
    return response;
  } catch {
    // The headers of a fetched response, or of one made by Response.redirect, are immutable; those of a copy are not.
    const copy = new Response(response.body, response);
    copy.headers.set('connection', 'close');
    return copy;
  }
}
