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
  /** When the timer fires, on the loop's clock. */
  #dueMs = Number.POSITIVE_INFINITY;

  /** Calls `member` at once, and from then on whenever it is due. */
  add(member: Ticking): void {
    this.#members.add(member);
    this.#tick();
  }

  remove(member: Ticking): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#timer?.cancel();
  }

  /** Something has happened since the last tick: a member is due within that time, sooner than it had said. */
  wakeWithin(waitMs: number): void {
    const dueMs = stepAfter(waitMs);
    if (dueMs < this.#dueMs) this.#setTimer(dueMs, loopNowMs());
  }

  #tick(): void {
    const loopMs = loopNowMs();
    let waitMs = Number.POSITIVE_INFINITY;
    for (const member of this.#members) waitMs = Math.min(waitMs, member.tick());
    this.#setTimer(stepAfter(waitMs), loopMs);
  }

  #setTimer(dueMs: number, loopMs: number): void {
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = after(dueMs - loopMs, () => this.#tick());
  }
}

/** The time that the event loop's timers count from. */
function loopNowMs(): number {
  return Math.floor(performance.now() + LOOP_CLOCK_OFFSET_MS);
}

/** The end of the step in which that time from now ends, on the loop's clock. */
function stepAfter(waitMs: number): number {
  return Math.ceil((performance.now() + LOOP_CLOCK_OFFSET_MS + waitMs) / STEP_MS) * STEP_MS;
}
