/** Any fetch handler as part of a server that shuts down in order. */
import type { Lifecycle } from './lifecycle.ts';
import { readiness } from './readiness.ts';

/** What answers a request; runtimes hand over more than the request. */
export type FetchHandler<More extends unknown[] = []> = (
  request: Request,
  ...more: More
) => Response | Promise<Response>;

/**
 * The handler, whose requests count as work until they are answered, and whose answers ask the client to give up the
 * connection once the server is leaving.
 * @param readinessPath where readiness is told, if anywhere
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
    // On probes and errors as well: the connection is what has to go, whoever holds it. The kubelet opens a new one
    // for each probe, so nothing is lost there.
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
    // A response that is there at once stays so: Node sends it without a detour.
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
  // The headers of a WebSocket's 101 are the runtime's and cannot be changed.
  if (response.status === 101) return response;
  try {
    response.headers.set('connection', 'close');
    return response;
  } catch {
    // A response that was fetched, or made by Response.redirect, does not let its headers be changed; a copy does.
    const copy = new Response(response.body, response);
    copy.headers.set('connection', 'close');
    return copy;
  }
}
