/** What the program needs of a load generator. */

import type { Target } from '../clusters/cluster.ts';
import { ExitCode, ProgramError } from '../errors.ts';
import type { TrialClock } from '../trace/clock.ts';
import type { LoadRecord } from '../trace/load-record.ts';
import type { RequestMix } from './request-mix.ts';

export interface LoadOptions {
  requestMix: RequestMix;
  target: Target;
  clock: TrialClock;
  seed: number;
  /** The load ends by itself after this long, in ms, whatever becomes of its owner; who still runs it sees it die. */
  maxDurationMs: number;
  signal: AbortSignal;
}

export interface LoadGenerator {
  readonly name: 'builtin' | 'k6';
  /** Resolves once the first request has been started. */
  start(options: LoadOptions): Promise<RunningLoad>;
}

/** The end of a load that came before its owner had stopped it. */
export function loadExpired(maxDurationMs: number): ProgramError {
  const minutes = Number((maxDurationMs / 60_000).toPrecision(2));
  return new ProgramError(
    `the load ended after ${minutes} min, as long as a trial of this manifest may last, and the trial had not finished`,
    ExitCode.environment,
  );
}

export interface LoadProgress {
  started: number;
  failed: number;
}

export interface RunningLoad {
  readonly startedMs: number;
  progress(): LoadProgress;
  /** Rejects if the generator dies or its longest duration is over; never resolves. */
  readonly died: Promise<never>;
  /** Starts no new request, waits for those in flight (each has its own timeout), and returns the record. */
  stop(): Promise<{ stoppedMs: number; record: LoadRecord }>;
}
