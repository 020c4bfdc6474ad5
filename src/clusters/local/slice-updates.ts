/**
 * When the EndpointSlice controller publishes that pods have changed. It syncs a Service at the first change, so others
 * of the same step (a scale-down deletes pods at once) are in the same update only if they came before it read them.
 * Otherwise a second update follows, for which kube-proxy waits until its next sync.
 */
import type { Random } from '../../random.ts';
import { after, type Timer } from '../../timers.ts';
import type { TrialClock } from '../../trace/clock.ts';
import { ONE_STEP_MS } from './router.ts';

export interface SliceUpdatesOptions {
  clock: TrialClock;
  random: Random;
  /** Measured times from the first to the second update of a step, in ms; 0 where there was only one. */
  gapsMs: readonly number[];
  /** @param gapMs how long after the first update of its step this one arrives, in ms; 0 for a first one */
  publish(gapMs: number): void;
}

export class SliceUpdates {
  readonly #options: SliceUpdatesOptions;
  #step: { begunMs: number; gapMs: number } | undefined;
  #second: Timer | undefined;

  constructor(options: SliceUpdatesOptions) {
    this.#options = options;
  }

  /** Call when a pod has changed. */
  change(): void {
    const { clock, random, gapsMs } = this.#options;
    const nowMs = clock.nowMs();
    if (!this.#step || nowMs - this.#step.begunMs >= ONE_STEP_MS) {
      this.#step = { begunMs: nowMs, gapMs: random.pick(gapsMs) ?? 0 };
      this.#publish(0);
      return;
    }
    const { gapMs } = this.#step;
    if (gapMs === 0) this.#publish(0);
    else this.#second ??= after(gapMs, () => this.#publish(gapMs));
  }

  stop(): void {
    this.#second?.cancel();
  }

  /** Publishes everything that has changed until now. */
  #publish(gapMs: number): void {
    this.#second?.cancel();
    this.#second = undefined;
    this.#options.publish(gapMs);
  }
}
