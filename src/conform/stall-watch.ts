/** Detects when this program did not get to run. What a case measured in that time says nothing about the server. */
import { delay } from '../timers.ts';

const TICK_MS = 20;

/** After this long without a stall, the machine counts as calm. */
const CALM_MS = 1000;

export class StallWatch {
  readonly #stalls: { endMs: number; lengthMs: number }[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor() {
    let expectedMs = performance.now() + TICK_MS;
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      if (nowMs > expectedMs + TICK_MS) this.#stalls.push({ endMs: nowMs, lengthMs: nowMs - expectedMs });
      expectedMs = nowMs + TICK_MS;
    }, TICK_MS);
  }

  /** The longest stall since then, in ms. */
  longestSince(sinceMs: number): number {
    return Math.max(0, ...this.#stalls.filter(({ endMs }) => endMs >= sinceMs).map(({ lengthMs }) => lengthMs));
  }

  /** Resolves when there was no stall longer than `stallMs` for a while, or after `limitMs`. */
  async calm(stallMs: number, limitMs: number): Promise<void> {
    const beganMs = performance.now();
    while (performance.now() < beganMs + limitMs) {
      await delay(CALM_MS);
      if (this.longestSince(performance.now() - CALM_MS) <= stallMs) return;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
