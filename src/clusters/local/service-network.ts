/**
 * How a node's network responds to a client that opens a connection to a Service. If a pod is reachable, the connection
 * is real. The failures have to be simulated, because they do not happen on loopback.
 */

import type { Random } from '../../random.ts';
import { after, type Timer } from '../../timers.ts';
import type { Endpoint, RoutingTable } from '../cluster.ts';

/** When Linux retransmits an unanswered SYN, in ms after the first one: after 1 s, then doubling. */
const SYN_RETRANSMISSIONS_MS = [1000, 3000, 7000, 15_000, 31_000];

/**
 * For a Service without endpoints, kube-proxy rejects connections with an ICMP error. But Linux limits those to one per
 * second and peer, with a burst of six (net.ipv4.icmp_ratelimit), and drops the rest. So most clients are not refused
 * but wait, and a retransmitted SYN may find an endpoint.
 */
const REJECT_BURST = 6;
const REJECTS_PER_MS = 1 / 1000;

/** A SYN to the address of a pod that is gone is lost, and conntrack sends every retransmission to the same address. */
const HOST_UNREACHABLE_AFTER_MS = 3000;

/** Ends the search for an endpoint that does not refuse. */
const MOST_CHOICES = 100;

export interface Dialled {
  router: string;
  /** The endpoint that the connection goes to, or failed to reach; absent if the router knew none. */
  endpoint?: Endpoint;
  /** Absent if the caller should connect to the endpoint. */
  error?: 'ECONNREFUSED' | 'EHOSTUNREACH' | 'ENOTFOUND';
}

/** What differs by the client. */
export interface NetworkOptions {
  /** Connections to endpoints that refuse them are refused already (refusals.ts): none gets here. */
  refusedBefore?: boolean;
  /** A request that waits for its connection takes another one that becomes free (`GatewayKind.takesFreeConnections`). */
  takesFree?: boolean;
}

export class ServiceNetwork {
  readonly #routes: () => RoutingTable;
  readonly #random: Random;
  readonly #options: NetworkOptions;
  readonly #limiters = new Map<string, RejectLimiter>();
  /** Connections that wait for a packet to be answered, if they may take another one's place. */
  readonly #waiting = new Set<(free: Dialled) => void>();

  constructor(routes: () => RoutingTable, random: Random, options: NetworkOptions = {}) {
    this.#routes = routes;
    this.#random = random;
    this.#options = options;
  }

  /**
   * Decides where a new connection goes: immediately if there is an endpoint, otherwise when a retransmitted SYN finds
   * one or the connection fails. As with kube-proxy, each node's router is equally likely, and so is each of its
   * endpoints. For a headless Service without endpoints, the name does not resolve and the client does not retry.
   * Returns a function that gives up; `done` is not called then.
   */
  dial(done: (result: Dialled) => void): () => void {
    const first = this.#choose();
    const { router } = first;
    let timer: Timer | undefined;
    const giveUp = () => {
      timer?.cancel();
      this.#waiting.delete(take);
    };
    const take = (dialled: Dialled) => {
      giveUp();
      done(dialled);
    };
    const end = (dialled: Dialled) => {
      take(dialled);
      // It is free once its request is answered: soon enough for those that wait.
      if (dialled.endpoint?.reachable && !dialled.endpoint.refuses) for (const other of this.#waiting) other(dialled);
    };
    const wait = (ms: number, next: () => void) => {
      timer = after(ms, next);
      if (this.#options.takesFree) this.#waiting.add(take);
    };
    const attempt = (sent: number) => {
      const { endpoint } = sent === 0 ? first : this.#choose(router);
      if (endpoint?.reachable) end({ router, endpoint });
      else if (endpoint) {
        wait(HOST_UNREACHABLE_AFTER_MS, () => end({ router, endpoint, error: 'EHOSTUNREACH' }));
      } else if (this.#routes().headless) end({ router, error: 'ENOTFOUND' });
      else if (this.#limiterOf(router).take(performance.now())) end({ router, error: 'ECONNREFUSED' });
      else {
        const waitMs =
          (SYN_RETRANSMISSIONS_MS[sent] ?? Number.POSITIVE_INFINITY) - (SYN_RETRANSMISSIONS_MS[sent - 1] ?? 0);
        // After the last retransmission, only the client's own timeout ends the wait.
        if (Number.isFinite(waitMs)) wait(waitMs, () => attempt(sent + 1));
      }
    };
    attempt(0);
    return giveUp;
  }

  /** @param through the router, if it is chosen already */
  #choose(through?: string): { router: string; endpoint: Endpoint | undefined } {
    const { routers } = this.#routes();
    const choose = () => {
      const router = through === undefined ? this.#random.pick(routers) : routers.find(({ name }) => name === through);
      return { router: router?.name ?? '', endpoint: this.#random.pick(router?.endpoints ?? []) };
    };
    let chosen = choose();
    // If all refuse, the port should have been closed already, and the connection is refused late.
    for (let again = 0; this.#options.refusedBefore && chosen.endpoint?.refuses && again < MOST_CHOICES; again++) {
      chosen = choose();
    }
    return chosen;
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

  /** Whether an error may be sent at this time (ms of any monotonic clock). */
  take(nowMs: number): boolean {
    this.#tokens = Math.min(REJECT_BURST, this.#tokens + (nowMs - this.#lastMs) * REJECTS_PER_MS);
    this.#lastMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
