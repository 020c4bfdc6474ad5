/** The clock of a trial: monotonic milliseconds since its start, tied to the wall clock once. */
export interface TrialClock {
  readonly startedAtEpochMs: number;
  /** ms since the trial's start. */
  nowMs(): number;
  /** Converts a wall-clock time (ms since 1970, as in a log line) to this clock. */
  fromEpochMs(epochMs: number): number;
}

/**
 * Starts a clock. `performance.timeOrigin + performance.now()` is monotonic, the same in every thread and, within the
 * precision of the system clock, comparable to wall-clock times that other processes write.
 */
export function startClock(startedAtEpochMs = performance.timeOrigin + performance.now()): TrialClock {
  const offsetMs = performance.timeOrigin - startedAtEpochMs;
  return {
    startedAtEpochMs,
    nowMs: () => offsetMs + performance.now(),
    fromEpochMs: (epochMs) => epochMs - startedAtEpochMs,
  };
}
