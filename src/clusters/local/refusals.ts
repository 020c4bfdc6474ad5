/**
 * Lets a server refuse a share of the connections that are opened to it. A process accepts a connection before it can
 * decide about it; only a port on which nothing listens refuses one. So the port is closed for that share of the time.
 */
import type { Server } from 'node:net';
import type { Random } from '../../random.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { RoutingTable } from '../cluster.ts';
import type { Address } from './probe-check.ts';

/** How soon the port follows when all endpoints refuse, or none does any more, in ms. */
const TICK_MS = 10;
/**
 * How long the port stays as it is if some endpoints refuse, in ms: short beside a router's delay, which is up to a
 * second, but no shorter, because each closing may reset a connection that waits to be accepted.
 */
const SLICE_MS = 200;
const SHORT_ROUND_MS = 0.3;
const MOST_ROUNDS = 20;
/** How precisely a gateway's log says when a connection failed, in ms. */
const CLOSING_MS = 5;

/** The share of new connections that is refused, from 0 to 1, because nothing listens at the endpoint that is chosen. */
export function refusedShare({ routers }: RoutingTable): number {
  const shares = routers.map(
    ({ endpoints }) =>
      endpoints.filter(({ reachable, refuses }) => reachable && refuses).length / Math.max(1, endpoints.length),
  );
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}

export interface Refusals {
  /** Whether the port was closed at a moment of that span, so that a connection that waited to be accepted was reset. */
  resetBetween(fromMs: number, toMs: number): boolean;
  stop(): void;
}

export interface RefusalOptions {
  /** It listens at the address. */
  server: Server;
  address: Address;
  clock: TrialClock;
  random: Random;
  routes(): RoutingTable;
  /** Called if the port cannot be opened again. */
  onError(error: Error): void;
}

/** Closes and opens the server's port, until it is stopped. */
export function refuseShare({ server, address, clock, random, routes, onError }: RefusalOptions): Refusals {
  const closedMs: number[] = [];
  let stopped = false;
  let refuses = false;
  server.on('error', onError);
  const close = () => {
    if (stopped || !refuses || !server.listening) return;
    server.close();
    closedMs.push(clock.nowMs());
  };
  let drawnMs = Number.NEGATIVE_INFINITY;
  const timer = setInterval(() => {
    const share = refusedShare(routes());
    if (share === 0 || share === 1) {
      refuses = share === 1;
      drawnMs = Number.NEGATIVE_INFINITY;
    } else if (clock.nowMs() - drawnMs >= SLICE_MS) {
      refuses = random.next() < share;
      drawnMs = clock.nowMs();
    }
    // If all refuse, what is accepted meanwhile is lost as well.
    if (share === 1) close();
    else if (refuses && server.listening) afterAccepting(close);
    else if (!refuses && !server.listening) server.listen(address.port, address.host);
  }, TICK_MS);
  return {
    resetBetween: (fromMs, toMs) => closedMs.some((ms) => ms >= fromMs - CLOSING_MS && ms <= toMs + CLOSING_MS),
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/**
 * Calls back after a short round of events, when hardly any connection waits to be accepted: each round accepts those
 * that arrived before it. Without a short round in time, it does not call back: on a machine that is so busy, many wait.
 */
function afterAccepting(run: () => void, rounds = MOST_ROUNDS): void {
  const begunMs = performance.now();
  setImmediate(() => {
    if (performance.now() - begunMs < SHORT_ROUND_MS) run();
    else if (rounds > 0) afterAccepting(run, rounds - 1);
  });
}
