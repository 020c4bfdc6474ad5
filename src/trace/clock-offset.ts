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

  /** One exchange: our clock when we asked and when we had the answer, and the other's in between; epoch ms. */
  add(askedMs: number, remoteMs: number, answeredMs: number): void {
    this.exchanges++;
    const [lowMs, highMs] = [remoteMs - answeredMs, remoteMs - askedMs];
    // Clocks drift, and are set: an exchange that contradicts the earlier ones starts anew.
    const contradicts = lowMs > this.#highMs || highMs < this.#lowMs;
    this.#lowMs = contradicts ? lowMs : Math.max(this.#lowMs, lowMs);
    this.#highMs = contradicts ? highMs : Math.min(this.#highMs, highMs);
  }

  /** Undefined before the first exchange. */
  get estimate(): OffsetEstimate | undefined {
    if (this.exchanges === 0) return undefined;
    return { offsetMs: (this.#lowMs + this.#highMs) / 2, boundMs: (this.#highMs - this.#lowMs) / 2 };
  }
}

/** The offset of C against A where B's against A and C's against B are known. */
export function chainOffsets(first: OffsetEstimate, second: OffsetEstimate): OffsetEstimate {
  return { offsetMs: first.offsetMs + second.offsetMs, boundMs: first.boundMs + second.boundMs };
}
