/** Arrivals at a constant rate, planned without regard to how the system under test copes (an open model). */

export class ConstantArrivals {
  /** Arrivals taken so far. */
  taken = 0;
  readonly #startMs: number;
  readonly #intervalMs: number;

  /** The first arrival is at `startMs`, and then one every 1/rate s for ever. */
  constructor(startMs: number, ratePerSecond: number) {
    this.#startMs = startMs;
    this.#intervalMs = 1000 / ratePerSecond;
  }

  /** When the next arrival is planned. Reckoned from the start each time, so that rounding does not add up. */
  get nextMs(): number {
    return this.#startMs + this.taken * this.#intervalMs;
  }

  /** The planned time of the next arrival if it is due, else undefined; each arrival is given out once. */
  take(nowMs: number): number | undefined {
    const plannedMs = this.nextMs;
    if (plannedMs > nowMs) return undefined;
    this.taken++;
    return plannedMs;
  }
}
