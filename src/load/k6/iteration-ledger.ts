/**
 * Tracks which of a scenario's numbered iterations have ended. They start in the order of their numbers but end in any
 * order.
 */
import { after, type Timer } from '../../timers.ts';

export class IterationLedger {
  /** How many iterations have definitely started: the highest number seen plus 1. */
  started = 0;
  /** The lowest number that has not ended. */
  #firstOpen = 0;
  /** Higher numbers that have ended. */
  readonly #ended = new Set<number>();
  /** The lowest number that definitely started after the fence. */
  #fence = Number.POSITIVE_INFINITY;
  readonly #waiting = new Set<() => void>();

  /** @param afterFence whether it definitely started after all iterations that `settled` waits for */
  ended(iteration: number, afterFence: boolean): void {
    this.started = Math.max(this.started, iteration + 1);
    this.#ended.add(iteration);
    while (this.#ended.delete(this.#firstOpen)) this.#firstOpen++;
    if (afterFence) this.#fence = Math.min(this.#fence, iteration);
    if (this.#firstOpen >= this.#fence) for (const resolve of this.#waiting) resolve();
  }

  /** How many have definitely started but are not known to have ended. */
  get open(): number {
    return this.started - this.#firstOpen - this.#ended.size;
  }

  /** Resolves to true once every iteration from before the fence has ended, or to false after `limitMs`. */
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
