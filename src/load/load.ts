/** What the program needs of a load generator. */
import type { Target } from '../clusters/cluster.ts';
import type { TrialClock } from '../trace/clock.ts';
import type { LoadRecord } from '../trace/load-record.ts';
import type { RequestMix } from './request-mix.ts';

export interface LoadOptions {
  requestMix: RequestMix;
  target: Target;
  clock: TrialClock;
  seed: number;
  /** The load stops by itself after this long, in ms, whatever happens to its owner. */
  maxDurationMs: number;
  signal: AbortSignal;
}

export interface LoadGenerator {
  readonly name: 'builtin' | 'k6';
  /** Resolves once the first request has been started. */
  start(options: LoadOptions): Promise<RunningLoad>;
}

export interface LoadProgress {
  started: number;
  failed: number;
}

export interface RunningLoad {
  readonly startedMs: number;
  progress(): LoadProgress;
  /** Rejects if the generator dies; never resolves. */
  readonly died: Promise<never>;
  /** Starts no new request, waits for those in flight (each has its own timeout), and returns the record. */
  stop(): Promise<{ stoppedMs: number; record: LoadRecord }>;
}
