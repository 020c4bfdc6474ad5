/** Which of a scenario's numbered iterations have ended; they start in the order of their numbers but end in any. */
import { after, type Timer } from '../../timers.ts';

export class IterationLedger {
  /** The highest number seen, and 1: as many are known to have started. */
  started = 0;
  /** Every lower number has ended. */
  #firstOpen = 0;
  /** Those above it that have ended. */
  readonly #ended = new Set<number>();
  /** The lowest number known to have started after the fence. */
  #fence = Number.POSITIVE_INFINITY;
  readonly #waiting = new Set<() => void>();

  /** @param afterFence whether it surely started after all those that `settled` waits for */
  ended(iteration: number, afterFence: boolean): void {
    this.started = Math.max(this.started, iteration + 1);
    this.#ended.add(iteration);
    while (this.#ended.delete(this.#firstOpen)) this.#firstOpen++;
    if (afterFence) this.#fence = Math.min(this.#fence, iteration);
    if (this.#firstOpen >= this.#fence) for (const resolve of this.#waiting) resolve();
  }

  /** How many are known to have started and not to have ended. */
  get open(): number {
    return this.started - this.#firstOpen - this.#ended.size;
  }

  /** Resolves with true once every iteration from before the fence has ended, or with false after `limitMs`. */
  async settled(limitMs: number): Promise<boolean> {
    let limit: Timer | undefined;
    const settled = await new Promise<boolean>((resolve) => {
      this.#waiting.add(() => resolve(true));
      limit = after(limitMs, () => resolve(false));
    });
    limit?.cancel();
    return settled;
  }
}
