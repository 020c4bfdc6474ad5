/** Arrivals at a constant rate, whether or not the system under test keeps up (an open model). */

export class ConstantArrivals {
  /** Arrivals taken so far. */
  taken = 0;
  readonly #startMs: number;
  readonly #intervalMs: number;

  /** The first arrival is at `startMs`; after that, one every 1/rate s without end. */
  constructor(startMs: number, ratePerSecond: number) {
    this.#startMs = startMs;
    this.#intervalMs = 1000 / ratePerSecond;
  }

  /** When the next arrival is planned, computed from the start each time so that rounding errors do not add up. */
  get nextMs(): number {
    return this.#startMs + this.taken * this.#intervalMs;
  }

  /** The planned time of the next arrival if it is due, else undefined. Each arrival is returned once. */
  take(nowMs: number): number | undefined {
    const plannedMs = this.nextMs;
    if (plannedMs > nowMs) return undefined;
    this.taken++;
    return plannedMs;
  }
}
