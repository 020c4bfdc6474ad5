/**
 * A router decides where new connections go. It is either one simulated node's kube-proxy, which learns about endpoint
 * changes with a delay and applies them at most once per second, or DNS, which learns about them with the same delay
 * and applies them almost immediately.
 */

import type { EndpointConditions } from '../../kubernetes-rules/usable-endpoints.ts';
import type { Random } from '../../random.ts';
import { after, type Timer } from '../../timers.ts';
import type { TrialClock } from '../../trace/clock.ts';
import type { PodRef } from '../../trace/cluster-record.ts';

/** A pod as in the EndpointSlices. */
export interface EndpointState extends EndpointConditions {
  pod: PodRef;
  host: string;
  port: number;
}

/** How a router follows the endpoints. */
export interface Routing {
  /** From a change of a pod's condition to the arrival of the changed EndpointSlice at the router: samples in ms. */
  endpointSliceMs: readonly number[];
  /** From the start of a sync until its rules are in effect: samples in ms. */
  syncMs: readonly number[];
  minSyncPeriodMs: number;
  /** Selects the endpoints to which new connections are sent. */
  choose(endpoints: readonly EndpointState[]): readonly EndpointState[];
}

/**
 * Changes this close together, in ms, are one step: a scale-down deletes pods at once. Without a gap (slice-updates.ts),
 * a router learns of them together.
 */
export const ONE_STEP_MS = 1;

export class Router {
  /** The endpoints to which new connections are sent now. */
  view: readonly EndpointState[] = [];
  readonly name: string;
  readonly #clock: TrialClock;
  readonly #random: Random;
  readonly #routing: Routing;
  readonly #onView: (router: Router) => void;
  readonly #timers = new Set<Timer>();
  /** The last change, until it arrives. */
  #pending: { madeMs: number; endpoints: readonly EndpointState[] } | undefined;
  #known: readonly EndpointState[] = [];
  #knownVersion = 0;
  #lastVersion = 0;
  #lastArrivalMs = 0;
  #nextSyncMs = 0;
  /** A sync is scheduled or running. */
  #syncing = false;
  /** The version with which the last sync began. */
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
   * Call when the endpoints change. The change reaches this node after a random delay (EndpointSlice controller and
   * watch), in order, and the next sync applies it. Syncs are at least minSyncPeriod apart, and each applies the newest
   * state that has arrived, as in kube-proxy. So a pod's removal, which follows the readiness of its replacement
   * immediately, waits for most of a second, while the readiness itself did not have to wait.
   * @param gapMs how long after the update before it arrives, in ms, if it is a further one of the same step
   */
  update(endpoints: readonly EndpointState[], gapMs = 0): void {
    if (this.#stopped) return;
    const now = this.#clock.nowMs();
    if (this.#pending && now - this.#pending.madeMs < ONE_STEP_MS) {
      this.#pending.endpoints = endpoints;
      return;
    }
    const pending = { madeMs: now, endpoints };
    this.#pending = pending;
    const afterMs = gapMs > 0 ? 0 : this.#random.draw(this.#routing.endpointSliceMs);
    const arrivalMs = Math.max(this.#lastArrivalMs + gapMs, now + afterMs);
    this.#lastArrivalMs = arrivalMs;
    const version = ++this.#lastVersion;
    this.#later(arrivalMs - now, () => {
      if (version < this.#knownVersion) return; // timers count whole ms, so two in the same ms may fire in any order
      this.#knownVersion = version;
      if (this.#pending === pending) this.#pending = undefined;
      this.#known = pending.endpoints;
      this.#planSync();
    });
  }

  /**
   * Source: BoundedFrequencyRunner in Kubernetes 1.34 (pkg/proxy/runner): minSyncPeriod counts from the end of a sync.
   */
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
