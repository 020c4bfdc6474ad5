/** The interface of a load generator. */

import type { Target } from '../clusters/cluster.ts';
import { ExitCode, InputError, ProgramError } from '../errors.ts';
import type { TrialClock } from '../trace/clock.ts';
import type { LoadRecord } from '../trace/load-record.ts';
import { type RequestMix, requestScenarios, sessionScenarios } from './request-mix.ts';

export interface LoadOptions {
  requestMix: RequestMix;
  target: Target;
  clock: TrialClock;
  seed: number;
  /** The load ends on its own after this time, in ms. If it has not been stopped by then, `died` rejects. */
  maxDurationMs: number;
  signal: AbortSignal;
}

export interface LoadGenerator {
  readonly name: 'builtin' | 'k6';
  /** Resolves once the first request has been started. */
  start(options: LoadOptions): Promise<RunningLoad>;
}

/** The error if a load ended before it was stopped. */
export function loadExpired(maxDurationMs: number): ProgramError {
  const minutes = Number((maxDurationMs / 60_000).toPrecision(2));
  return new ProgramError(
    `the load ended after ${minutes} min, the longest that a trial of this manifest may last, before the trial had finished`,
    ExitCode.environment,
  );
}

/** @throws InputError if the load has sessions or bursts, which k6 does not make here */
export function assertForK6(requestMix: RequestMix): void {
  const bursting = requestScenarios(requestMix).find(({ bursts }) => bursts !== undefined);
  if (bursting) throw new InputError(`scenario "${bursting.name}": bursts need the builtin load (--load builtin)`);
  const [scenario] = sessionScenarios(requestMix);
  if (!scenario) return;
  throw new InputError(
    `scenario "${scenario.name}": k6 sends requests only; sessions need the builtin load (--load builtin, on a cluster with --url http://…)`,
  );
}

export interface LoadProgress {
  started: number;
  failed: number;
  /** Clients that hold a session open, or try to. Absent if the generator cannot hold sessions. */
  sessions?: number;
  /** How many of their sessions are open. */
  openSessions?: number;
}

export interface RunningLoad {
  readonly startedMs: number;
  progress(): LoadProgress;
  /** Rejects if the generator dies or its maximum duration has passed; never resolves. */
  readonly died: Promise<never>;
  /** Starts no new request, waits for those in flight (each has its own timeout), and returns the record. */
  stop(): Promise<{ stoppedMs: number; record: LoadRecord }>;
}
