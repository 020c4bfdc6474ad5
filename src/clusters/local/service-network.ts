/**
 * How a node's network answers a client that opens a connection to a Service. Where a pod can be reached, the connection
 * is a real one; the other cases have to be acted out, because loopback has none of them.
 */

import type { Random } from '../../random.ts';
import { after, type Timer } from '../../timers.ts';
import type { Endpoint, RoutingTable } from '../cluster.ts';

/** When Linux sends a SYN again that got no answer, in ms after the first: 1 s, doubled each time. */
const SYN_RETRANSMISSIONS_MS = [1000, 3000, 7000, 15_000, 31_000];

/**
 * kube-proxy rejects connections to a Service without endpoints, by an ICMP error; but Linux limits those to one a second
 * for each peer, with a burst of six (net.ipv4.icmp_ratelimit), and drops the rest. So most clients are not refused but
 * wait, and the SYN they send again may find an endpoint.
 */
const REJECT_BURST = 6;
const REJECTS_PER_MS = 1 / 1000;

/** A SYN to the address of a pod that is gone is lost, and conntrack sends every later one the same way. */
const HOST_UNREACHABLE_AFTER_MS = 3000;

export interface Dialled {
  router: string;
  /** Where the connection goes, or went wrong; absent when the router knew no endpoint. */
  endpoint?: Endpoint;
  /** Absent when the endpoint is to be connected to. */
  error?: 'ECONNREFUSED' | 'EHOSTUNREACH' | 'ENOTFOUND';
}

export class ServiceNetwork {
  readonly #routes: () => RoutingTable;
  readonly #random: Random;
  readonly #limiters = new Map<string, RejectLimiter>();

  constructor(routes: () => RoutingTable, random: Random) {
    this.#routes = routes;
    this.#random = random;
  }

  /**
   * Finds out where a new connection goes: at once where there is an endpoint, else when a later SYN finds one or the
   * connection fails. Any node's router is equally likely, and on it any endpoint, as with kube-proxy. The name of a
   * headless Service that has no endpoint is not found, and no client asks again. Returns how to give up; `done` is not
   * called then.
   */
  dial(done: (result: Dialled) => void): () => void {
    const router = this.#random.pick(this.#routes().routers)?.name ?? '';
    let timer: Timer | undefined;
    const attempt = (sent: number) => {
      const endpoint = this.#random.pick(this.#routes().routers.find(({ name }) => name === router)?.endpoints ?? []);
      if (endpoint?.reachable) done({ router, endpoint });
      else if (endpoint) {
        timer = after(HOST_UNREACHABLE_AFTER_MS, () => done({ router, endpoint, error: 'EHOSTUNREACH' }));
      } else if (this.#routes().headless) done({ router, error: 'ENOTFOUND' });
      else if (this.#limiterOf(router).take(performance.now())) done({ router, error: 'ECONNREFUSED' });
      else {
        const waitMs =
          (SYN_RETRANSMISSIONS_MS[sent] ?? Number.POSITIVE_INFINITY) - (SYN_RETRANSMISSIONS_MS[sent - 1] ?? 0);
        // Past the last one the client gives up by its own timeout.
        if (Number.isFinite(waitMs)) timer = after(waitMs, () => attempt(sent + 1));
      }
    };
    attempt(0);
    return () => timer?.cancel();
  }

  #limiterOf(router: string): RejectLimiter {
    const limiter = this.#limiters.get(router) ?? new RejectLimiter();
    this.#limiters.set(router, limiter);
    return limiter;
  }
}

/** Linux's token bucket for ICMP errors to one peer. */
export class RejectLimiter {
  #tokens = REJECT_BURST;
  #lastMs = 0;

  /** Whether an error may be sent at this time (any clock in ms that does not go back). */
  take(nowMs: number): boolean {
    this.#tokens = Math.min(REJECT_BURST, this.#tokens + (nowMs - this.#lastMs) * REJECTS_PER_MS);
    this.#lastMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
