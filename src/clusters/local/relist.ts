/**
 * The kubelet's relist: it lists all containers of its node once per second and reacts to what has changed since. It
 * does not notice changes in between. Source: the generic PLEG (pkg/kubelet/pleg/generic.go, genericPlegRelistPeriod).
 * docs/decisions/0012-the-kubelets-list.md has measurements of the consequences.
 */
import { delay } from '../../timers.ts';

export class Relist {
  readonly #periodMs: number;
  readonly #phaseMs: number;

  /**
   * @param periodMs time between two relists; 0: changes are noticed immediately
   * @param phase the node's position within its period at time 0 (performance.now), in [0, 1)
   */
  constructor(periodMs: number, phase: number) {
    this.#periodMs = periodMs;
    this.#phaseMs = periodMs * phase;
  }

  /** From `nowMs` (performance.now) to the next relist, in ms; a whole period if one happens exactly now. */
  untilNextMs(nowMs: number): number {
    if (this.#periodMs === 0) return 0;
    return this.#periodMs - ((nowMs + this.#phaseMs) % this.#periodMs);
  }

  /** Resolves at the next relist. Rejects with an AbortError if aborted. */
  next(signal: AbortSignal): Promise<void> {
    // A timer may fire a fraction of a millisecond early, and the following call would then wait for the same relist
    // again.
    const marginMs = this.#periodMs === 0 ? 0 : 1;
    return delay(Math.ceil(this.untilNextMs(performance.now())) + marginMs, undefined, { signal });
  }
}
