/** The one clock of a trial: monotonic milliseconds since its start, tied once to the wall clock. */
export interface TrialClock {
  readonly startedAtEpochMs: number;
  /** ms since the trial's start. */
  nowMs(): number;
  /** A wall-clock time (ms since 1970, as in a log line) on this clock. */
  fromEpochMs(epochMs: number): number;
}

/**
 * Starts a clock. `performance.timeOrigin + performance.now()` is monotonic and comparable between threads and,
 * to the precision of the system clock, with the wall-clock times other processes write.
 */
export function startClock(startedAtEpochMs = performance.timeOrigin + performance.now()): TrialClock {
  const offsetMs = performance.timeOrigin - startedAtEpochMs;
  return {
    startedAtEpochMs,
    nowMs: () => offsetMs + performance.now(),
    fromEpochMs: (epochMs) => epochMs - startedAtEpochMs,
  };
}
