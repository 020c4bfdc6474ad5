/** Timers whose time comes from a manifest or a flag, and may be longer than a timer can be. */

/** Node's timers count in 32 bits: what is longer fires at once. 24.8 days. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A time in ms that a timer can have: whoever sets one for longer is woken too early, and has to look at the clock. */
export function timerMs(ms: number): number {
  return Math.min(Math.max(0, ms), LONGEST_TIMER_MS);
}
