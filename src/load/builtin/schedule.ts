/** When requests arrive, whether or not the system under test keeps up (an open model). */

export interface Arrivals {
  /** Arrivals taken so far. */
  readonly taken: number;
  /** When the next arrival is planned; Infinity if there is none. */
  readonly nextMs: number;
  /** The planned time of the next arrival if it is due, else undefined. Each arrival is returned once. */
  take(nowMs: number): number | undefined;
}

/** Arrivals at a constant rate. */
export class ConstantArrivals implements Arrivals {
  taken = 0;
  readonly #startMs: number;
  readonly #intervalMs: number;

  /** The first arrival is at `startMs`; after that, one every 1/rate s without end. */
  constructor(startMs: number, ratePerSecond: number) {
    this.#startMs = startMs;
    this.#intervalMs = 1000 / ratePerSecond;
  }

  /** Computed from the start each time so that rounding errors do not add up. */
  get nextMs(): number {
    return this.#startMs + this.taken * this.#intervalMs;
  }

  take(nowMs: number): number | undefined {
    const plannedMs = this.nextMs;
    if (plannedMs > nowMs) return undefined;
    this.taken++;
    return plannedMs;
  }
}

/** `size` arrivals at once at each of the given times, and none in between. */
export class BurstArrivals implements Arrivals {
  taken = 0;
  readonly #startMs: number;
  readonly #size: number;
  readonly #atMs: readonly number[];

  /** @param atMs the times of the bursts in ms after `startMs`, in ascending order */
  constructor(startMs: number, { size, atMs }: { size: number; atMs: readonly number[] }) {
    this.#startMs = startMs;
    this.#size = size;
    this.#atMs = atMs;
  }

  get nextMs(): number {
    const afterMs = this.#atMs[Math.floor(this.taken / this.#size)];
    return afterMs === undefined ? Number.POSITIVE_INFINITY : this.#startMs + afterMs;
  }

  take(nowMs: number): number | undefined {
    const plannedMs = this.nextMs;
    if (plannedMs > nowMs) return undefined;
    this.taken++;
    return plannedMs;
  }
}
