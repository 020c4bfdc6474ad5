/**
 * What decides where new connections go: one simulated node's kube-proxy, which learns of endpoint changes late and applies
 * them at most once a second, or DNS, which learns of them as late and answers with them almost at once.
 */

import type { EndpointConditions } from '../../kubernetes-rules/usable-endpoints.ts';
import type { Random } from '../../random.ts';
import { after, type Timer } from '../../timers.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { PodRef } from '../../trace/cluster-record.ts';

/** A pod as the EndpointSlices have it. */
export interface EndpointState extends EndpointConditions {
  pod: PodRef;
  host: string;
  port: number;
}

/** How a router follows the endpoints. */
export interface Routing {
  /** From a change of a pod's condition to the changed EndpointSlice at the router: samples in ms. */
  endpointSliceMs: readonly number[];
  /** How long one sync takes until it holds: samples in ms. */
  syncMs: readonly number[];
  minSyncPeriodMs: number;
  /** Which of the endpoints new connections are sent to. */
  choose(endpoints: readonly EndpointState[]): readonly EndpointState[];
}

export class Router {
  /** What new connections are sent to now. */
  view: readonly EndpointState[] = [];
  readonly name: string;
  readonly #clock: TrialClock;
  readonly #random: Random;
  readonly #routing: Routing;
  readonly #onView: (router: Router) => void;
  readonly #timers = new Set<Timer>();
  #known: readonly EndpointState[] = [];
  #knownVersion = 0;
  #lastVersion = 0;
  #lastArrivalMs = 0;
  #nextSyncMs = 0;
  /** A sync is planned or running. */
  #syncing = false;
  /** The state that the last sync began with. */
  #appliedVersion = 0;
  #stopped = false;

  constructor(name: string, clock: TrialClock, random: Random, routing: Routing, onView: (router: Router) => void) {
    this.name = name;
    this.#clock = clock;
    this.#random = random;
    this.#routing = routing;
    this.#onView = onView;
  }

  /**
   * The API server has new endpoints. They reach this node after a delay of their own (EndpointSlice controller and
   * watch), never out of order, and are applied by the next sync. Syncs keep minSyncPeriod apart, and each applies the
   * newest state that has arrived: that is how kube-proxy works, and why a pod's removal, which follows the readiness of
   * its replacement at once, waits for most of a second while the readiness itself did not.
   */
  update(endpoints: readonly EndpointState[]): void {
    if (this.#stopped) return;
    const now = this.#clock.nowMs();
    const arrivalMs = Math.max(this.#lastArrivalMs, now + this.#random.draw(this.#routing.endpointSliceMs));
    this.#lastArrivalMs = arrivalMs;
    const version = ++this.#lastVersion;
    this.#later(arrivalMs - now, () => {
      if (version < this.#knownVersion) return; // timers count whole ms, so two that arrive as one may fire in any order
      this.#knownVersion = version;
      this.#known = endpoints;
      this.#planSync();
    });
  }

  /** Source: BoundedFrequencyRunner in Kubernetes 1.34 (pkg/proxy/runner): minSyncPeriod counts from a sync's end. */
  #planSync(): void {
    if (this.#syncing || this.#appliedVersion === this.#knownVersion) return;
    this.#syncing = true;
    this.#later(this.#nextSyncMs - this.#clock.nowMs(), () => {
      this.#appliedVersion = this.#knownVersion;
      const view = this.#routing.choose(this.#known);
      this.#later(this.#random.draw(this.#routing.syncMs), () => {
        this.view = view;
        this.#syncing = false;
        this.#nextSyncMs = this.#clock.nowMs() + this.#routing.minSyncPeriodMs;
        this.#onView(this);
        this.#planSync();
      });
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #later(delayMs: number, run: () => void): void {
    const timer = after(delayMs, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }
}
