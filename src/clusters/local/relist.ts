/**
 * The kubelet does not see what becomes of a container when it happens: it lists all containers of its node once a second,
 * and acts on what has changed. Source: the generic PLEG (pkg/kubelet/pleg/generic.go, genericPlegRelistPeriod); what
 * follows from it is measured in docs/decisions/0012-the-kubelets-list.md.
 */
import { delay } from '../../timers.ts';

export class Relist {
  readonly #periodMs: number;
  readonly #phaseMs: number;

  /**
   * @param periodMs from one list to the next; 0: whatever happens is seen at once
   * @param phase where in its period the node is when its clock (performance.now) is at 0, in [0, 1)
   */
  constructor(periodMs: number, phase: number) {
    this.#periodMs = periodMs;
    this.#phaseMs = periodMs * phase;
  }

  /** From `nowMs` (performance.now) to the next list, in ms; a whole period when one is made right now. */
  untilNextMs(nowMs: number): number {
    if (this.#periodMs === 0) return 0;
    return this.#periodMs - ((nowMs + this.#phaseMs) % this.#periodMs);
  }

  /** Resolves at the next list; rejects with an AbortError when aborted. */
  next(signal: AbortSignal): Promise<void> {
    // A timer may end a fraction of a millisecond early, and the list after it would be the same one again.
    const marginMs = this.#periodMs === 0 ? 0 : 1;
    return delay(Math.ceil(this.untilNextMs(performance.now())) + marginMs, undefined, { signal });
  }
}
