/** One timer for all loads of a thread. A quiet thread spends more on waking up than on the work it then does. */
import { after, type Timer } from '../../timers.ts';

export interface Ticking {
  /** Does what is due. Returns in how many ms it must be called again; Infinity for never. */
  tick(): number;
}

/**
 * Everything that becomes due within one step is done at the end of the step, for all loads. A request therefore starts up
 * to this long after its planned time, and the thread wakes up at most once per step for the schedule.
 */
const STEP_MS = 2;

/**
 * The event loop counts whole ms of the system's monotonic clock; `performance.now()` is off against those by a fraction.
 * A timer that ignores the fraction fires too early half of the time and must be set again.
 */
const LOOP_CLOCK_OFFSET_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export class Ticker {
  readonly #members = new Set<Ticking>();
  #timer: Timer | undefined;

  /** Calls `member` at once, and from then on whenever it is due. */
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
