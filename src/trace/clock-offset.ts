/**
 * Estimates how far another machine's clock is ahead of ours. A time that it reports lies between our request and its
 * response, so each exchange bounds the offset, and all exchanges together bound it most tightly (Cristian 1989).
 */

export interface OffsetEstimate {
  /** The other clock minus ours, in ms. */
  offsetMs: number;
  /** The largest possible error of `offsetMs`, in ms. */
  boundMs: number;
}

export class ClockOffset {
  #lowMs = Number.NEGATIVE_INFINITY;
  #highMs = Number.POSITIVE_INFINITY;
  exchanges = 0;

  /**
   * Adds one exchange: our clock at the request and at the response, and the other clock in between; epoch ms.
   * @param remoteEndMs the end of the span, if the other clock's time is known only as a span that begins at `remoteMs`
   */
  add(askedMs: number, remoteMs: number, answeredMs: number, remoteEndMs = remoteMs): void {
    this.exchanges++;
    this.addBounds(remoteMs - answeredMs, remoteEndMs - askedMs);
  }

  /** Adds bounds that the offset is known to lie between, in ms. */
  addBounds(lowMs: number, highMs: number): void {
    // Clocks drift and are adjusted, so bounds that contradict the earlier ones replace them.
    const contradicts = lowMs > this.#highMs || highMs < this.#lowMs;
    this.#lowMs = contradicts ? lowMs : Math.max(this.#lowMs, lowMs);
    this.#highMs = contradicts ? highMs : Math.min(this.#highMs, highMs);
  }

  /** Undefined until both bounds are known. */
  get estimate(): OffsetEstimate | undefined {
    if (!Number.isFinite(this.#highMs - this.#lowMs)) return undefined;
    return { offsetMs: (this.#lowMs + this.#highMs) / 2, boundMs: (this.#highMs - this.#lowMs) / 2 };
  }
}
