/**
 * Lets a server refuse a share of the connections that are opened to it. A process accepts a connection before it can
 * decide about it; only a port on which nothing listens refuses one. So the port is closed for that share of the time.
 */
import type { Server } from 'node:net';
import type { Random } from '../../random.ts';
import type { RoutingTable } from '../cluster.ts';
import type { Address } from './probe-check.ts';

/** How long the port stays as it is, in ms: short beside a router's delay, which is up to a second. */
const SLICE_MS = 20;

/** The share of new connections that is refused, from 0 to 1, because nothing listens at the endpoint that is chosen. */
export function refusedShare({ routers }: RoutingTable): number {
  const shares = routers.map(
    ({ endpoints }) =>
      endpoints.filter(({ reachable, refuses }) => reachable && refuses).length / Math.max(1, endpoints.length),
  );
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}

/**
 * Closes and opens the port of the server, which listens there, until the returned function is called.
 * @param onError called if the port cannot be opened again
 */
export function refuseShare(
  server: Server,
  { host, port }: Address,
  routes: () => RoutingTable,
  random: Random,
  onError: (error: Error) => void,
): () => void {
  server.on('error', onError);
  let stopped = false;
  const timer = setInterval(() => {
    const refuses = random.next() < refusedShare(routes());
    // After this round of events, in which connections are accepted. Those that wait to be accepted are reset.
    if (refuses && server.listening) setImmediate(() => !stopped && server.close());
    else if (!refuses && !server.listening) server.listen(port, host);
  }, SLICE_MS);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
