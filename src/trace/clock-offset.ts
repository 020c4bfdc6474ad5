/**
 * How far another machine's clock is ahead of ours, from exchanges with it: what it read cannot lie before we asked nor
 * after we had the answer. Each exchange bounds the offset, and all of them together bound it best (Cristian 1989).
 */

export interface OffsetEstimate {
  /** The other clock minus ours, in ms. */
  offsetMs: number;
  /** How far the true offset may be from that, in ms. */
  boundMs: number;
}

export class ClockOffset {
  #lowMs = Number.NEGATIVE_INFINITY;
  #highMs = Number.POSITIVE_INFINITY;
  exchanges = 0;

  /**
   * One exchange: our clock when we asked and when we had the answer, and the other's in between; epoch ms. Where the
   * other's is itself known only as a span, that of its end too.
   */
  add(askedMs: number, remoteMs: number, answeredMs: number, remoteEndMs = remoteMs): void {
    this.exchanges++;
    this.addBounds(remoteMs - answeredMs, remoteEndMs - askedMs);
  }

  /** The offset is known to lie between these. */
  addBounds(lowMs: number, highMs: number): void {
    // Clocks drift, and are set: what contradicts the earlier bounds starts anew.
    const contradicts = lowMs > this.#highMs || highMs < this.#lowMs;
    this.#lowMs = contradicts ? lowMs : Math.max(this.#lowMs, lowMs);
    this.#highMs = contradicts ? highMs : Math.min(this.#highMs, highMs);
  }

  /** Undefined before anything is known. */
  get estimate(): OffsetEstimate | undefined {
    if (!Number.isFinite(this.#highMs - this.#lowMs)) return undefined;
    return { offsetMs: (this.#lowMs + this.#highMs) / 2, boundMs: (this.#highMs - this.#lowMs) / 2 };
  }
}
