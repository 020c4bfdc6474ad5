/** Runs cases, each against new processes of its own, and collects their verdicts in order. */

import pLimit from 'p-limit';
import { ExitCode, ProgramError } from '../errors.ts';
import { canBePid1 } from '../processes/container-process.ts';
import { after, delay, type Timer } from '../timers.ts';
import { type ConformanceCase, type Family, withSignal } from './case.ts';
import { CaseContext } from './context.ts';
import { Ports } from './ports.ts';
import type { Paths } from './routes.ts';
import type { Target } from './server-under-test.ts';
import { StallWatch } from './stall-watch.ts';
import { type Survey, survey } from './survey.ts';
import { CaseEnded, type Verdict } from './verdict.ts';

export type CaseResult = {
  number: number;
  id: string;
  family: Family;
  title: string;
  durationMs: number;
} & Verdict;

export interface ConformanceResult {
  schemaVersion: 1;
  command: readonly string[];
  /** Whether the command was PID 1 of its own PID namespace, as it is in a container. */
  pid1: boolean;
  graceMs: number;
  /** The signal that was sent instead of SIGTERM, or SIGTERM. */
  stopSignal: NodeJS.Signals;
  /** The wrappers and the server; absent if the first process is the server. */
  wrapper?: Survey['wrapper'];
  cases: readonly CaseResult[];
}

export interface SuiteOptions {
  target: Target;
  paths: Paths;
  cases: readonly ConformanceCase[];
  /** How long an idle connection is watched, in ms. */
  idleLimitMs: number;
  /** The port that the command listens on regardless of PORT; only one process then runs at a time. */
  ownPort: number | undefined;
  /** Aborting ends the run with the signal's reason, after everything has been cleaned up. */
  signal: AbortSignal;
  onResult?: (result: CaseResult) => void;
}

/** Cases mostly wait and hardly use the processor. */
const AT_A_TIME = 4;

/** The times in the cases have margins of more than this on either side, in ms. */
const LONGEST_STALL_MS = 120;

/** When to repeat a case during which the machine stalled, in ms. The cause of a stall is often over soon. */
const RETRY_AFTER_MS = [500, 1000, 2000, 5000, 10_000, 20_000];

/** How long a case then waits, in addition, for the machine to be calm, in ms. */
const CALM_LIMIT_MS = 15_000;

/** How much longer than its grace period and its wait a case may take before it counts as hung, in ms. */
const CASE_LIMIT_MS = 120_000;

/**
 * @throws InputError if the server does not speak HTTP/1.1
 * @throws EnvironmentError if the command does not start, listen or respond
 * @throws ProgramError (invalid measurement) if this machine is too busy for the times of a case
 */
export async function runSuite(options: SuiteOptions): Promise<ConformanceResult> {
  const { target, cases, signal } = options;
  const ports = new Ports(options.ownPort);
  const stalls = new StallWatch();
  const running = new Set<CaseContext>();
  const endAll = () => Promise.all([...running].map((context) => context.end()));
  try {
    const found = await survey(target, options.paths, ports, signal);
    const limit = pLimit(ports.single ? 1 : AT_A_TIME);
    const beside = ports.single ? limit : pLimit(Number.POSITIVE_INFINITY);
    const limitFor = ({ runsBeside = false }: ConformanceCase) => (runsBeside ? beside : limit);
    const results = await Promise.all(
      cases.map((conformanceCase) =>
        limitFor(conformanceCase)(async () => {
          signal.throwIfAborted();
          const result = await runCase(conformanceCase, options, { found, ports, stalls, running });
          options.onResult?.(result);
          return result;
        }),
      ),
    ).catch((error) => {
      limit.clearQueue();
      throw error;
    });
    const { command, graceMs, stopSignal } = target;
    const wrapper = found.wrapper && { wrapper: found.wrapper };
    return { schemaVersion: 1, command, pid1: canBePid1(), graceMs, stopSignal, ...wrapper, cases: results };
  } finally {
    stalls.stop();
    await endAll();
    ports.release();
  }
}

/** What the cases of a run share. */
interface Shared {
  found: Survey;
  ports: Ports;
  stalls: StallWatch;
  running: Set<CaseContext>;
}

async function runCase(
  { run, ...details }: ConformanceCase,
  { target, idleLimitMs, signal }: SuiteOptions,
  { found, ports, stalls, running }: Shared,
): Promise<CaseResult> {
  for (let attempt = 0; ; attempt++) {
    const startedMs = performance.now();
    const context = new CaseContext(target, found, ports, idleLimitMs);
    running.add(context);
    const limitMs = target.graceMs + idleLimitMs + CASE_LIMIT_MS;
    const verdict = await bounded(run, context, limitMs, signal).finally(async () => {
      await context.end();
      running.delete(context);
    });
    const { number, id, family } = details;
    const title = withSignal(details.title, target.stopSignal);
    const stallMs = stalls.longestSince(startedMs);
    // A stall can make a good server look late. It cannot make a bad server look good, unless a step of the case was
    // late.
    const isGood = verdict.status === 'pass' || verdict.status === 'warning';
    const isSound = isGood && context.latenessMs <= LONGEST_STALL_MS;
    if (isSound || stallMs <= LONGEST_STALL_MS) {
      return { number, id, family, title, durationMs: Math.round(performance.now() - startedMs), ...verdict };
    }
    const retryAfterMs = RETRY_AFTER_MS[attempt];
    if (retryAfterMs === undefined) {
      const message = `case ${number}: this machine is too busy: it stalled for ${Math.round(stallMs)} ms, and it stalled in each of ${attempt + 1} attempts`;
      throw new ProgramError(message, ExitCode.invalidMeasurement);
    }
    await delay(retryAfterMs);
    await stalls.calm(LONGEST_STALL_MS / 2, CALM_LIMIT_MS);
  }
}

async function bounded(
  run: ConformanceCase['run'],
  context: CaseContext,
  limitMs: number,
  signal: AbortSignal,
): Promise<Verdict> {
  let timer: Timer | undefined;
  let onAbort = () => {};
  const over = new Promise<never>((_resolve, reject) => {
    timer = after(limitMs, () => reject(new Error(`a conformance case did not end within ${limitMs} ms`)));
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([run(context), over]);
  } catch (error) {
    if (error instanceof CaseEnded) return error.verdict;
    throw error;
  } finally {
    timer?.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}
