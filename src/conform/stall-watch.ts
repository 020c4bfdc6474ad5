/** Notices when this program did not get to run: what a case measured meanwhile says nothing about the server. */

const TICK_MS = 20;

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

  /** The longest time without a turn since then, in ms. */
  longestSince(sinceMs: number): number {
    return Math.max(0, ...this.#stalls.filter(({ endMs }) => endMs >= sinceMs).map(({ lengthMs }) => lengthMs));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
