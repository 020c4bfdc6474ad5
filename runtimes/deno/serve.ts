/** Serves a fetch handler on Deno, and shuts down gracefully on SIGTERM and SIGINT. */
import { type FetchHandler, gracefulFetch } from '../../app/graceful-fetch.ts';
import { type GracefulOptions, type GracefulServer, wire } from '../../app/graceful-server.ts';

export interface ServeOptions extends GracefulOptions {
  /** Receives the request, and the information that Deno.serve has about its connection. */
  fetch: FetchHandler<[info: Deno.ServeHandlerInfo<Deno.NetAddr>]>;
}

export function serve({ fetch, ...options }: ServeOptions): GracefulServer {
  // shutdown() lets requests finish, closes idle connections, and closes every WebSocket with 1001. It is also needed
  // to close keep-alive connections: Deno sends `Connection: close` but leaves the closing to the client.
  const stop = async () => server?.shutdown();
  const { port, hostname, lifecycle, ...wiring } = wire(options, { close: stop, stopListening: stop, exit: Deno.exit });

  // Before the listener opens, so that a signal never reaches a serving process without a handler.
  const { onSignal } = wiring;
  if (onSignal) {
    Deno.addSignalListener('SIGTERM', () => onSignal('SIGTERM'));
    Deno.addSignalListener('SIGINT', () => onSignal('SIGINT'));
  }

  let server: Deno.HttpServer<Deno.NetAddr> | undefined;
  try {
    // Without onListen, Deno prints a line of its own.
    server = Deno.serve({ hostname, port, onListen() {} }, gracefulFetch(fetch, lifecycle, options.readinessPath));
    wiring.listening(server.addr.port);
  } catch (error) {
    wiring.listenFailed(error);
  }
  return wiring.server;
}
