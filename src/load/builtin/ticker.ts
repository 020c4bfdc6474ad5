/** One timer for everything that is due in a thread: waking up costs a quiet thread more than what it then does. */
import { after, type Timer } from '../../timers.ts';

export interface Ticking {
  /** Does what is due. Returns how many ms from now it has to be called again; Infinity for never. */
  tick(): number;
}

/**
 * Everything that falls due within one step is done at its end, whichever load it belongs to. So a request starts up to this
 * long after its planned time, and the thread wakes up at most so often.
 */
const STEP_MS = 2;

/**
 * The event loop counts whole ms of the system's monotonic clock, from which `performance.now()` differs by a fraction. A
 * timer that ignores it fires before its time half of the time, only to be set again.
 */
const LOOP_CLOCK_OFFSET_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export class Ticker {
  readonly #members = new Set<Ticking>();
  #timer: Timer | undefined;

  /** Begins to call `member`, the first time at once. */
  add(member: Ticking): void {
    this.#members.add(member);
    this.#tick();
  }

  remove(member: Ticking): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#timer?.cancel();
  }

  #tick(): void {
    this.#timer?.cancel();
    const loopMs = Math.floor(performance.now() + LOOP_CLOCK_OFFSET_MS);
    let waitMs = Number.POSITIVE_INFINITY;
    for (const member of this.#members) waitMs = Math.min(waitMs, member.tick());
    const dueMs = performance.now() + LOOP_CLOCK_OFFSET_MS + waitMs;
    this.#timer = after(Math.ceil(dueMs / STEP_MS) * STEP_MS - loopMs, () => this.#tick());
  }
}
