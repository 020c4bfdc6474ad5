/** Runs cases, each against fresh processes of its own, and collects their verdicts in order. */

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
  /** The signal that was sent in the place of SIGTERM, or SIGTERM. */
  stopSignal: NodeJS.Signals;
  /** What runs the server, and the server; undefined when the first process is the server. */
  wrapper?: Survey['wrapper'];
  cases: readonly CaseResult[];
}

export interface SuiteOptions {
  target: Target;
  paths: Paths;
  cases: readonly ConformanceCase[];
  /** The port the command listens on whatever it is told: then one process runs at a time. */
  ownPort: number | undefined;
  /** Aborting ends it with its reason; nothing is left behind. */
  signal: AbortSignal;
  onResult?: (result: CaseResult) => void;
}

/** The cases hardly use the machine: they wait. */
const AT_A_TIME = 4;

/** A case is built on times that leave more than this on either side. */
const LONGEST_STALL_MS = 120;

/** A case that met a stall is run again after these times: what keeps a machine busy is often over soon. */
const RETRY_AFTER_MS = [500, 1000, 2000, 5000, 10_000, 20_000];

/** How long a case waits, beyond that, for a machine that is calm again. */
const CALM_LIMIT_MS = 15_000;

/** What a case may take beyond its grace period, until it is given up as a fault of ours. */
const CASE_LIMIT_MS = 120_000;

/**
 * @throws InputError when the server speaks another protocol than HTTP/1.1
 * @throws EnvironmentError when the command does not start, does not listen or does not answer
 * @throws ProgramError (invalid measurement) when this machine was too busy for the times of a case
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
    const results = await Promise.all(
      cases.map((conformanceCase) =>
        limit(async () => {
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

/** What the cases of a run have in common. */
interface Shared {
  found: Survey;
  ports: Ports;
  stalls: StallWatch;
  running: Set<CaseContext>;
}

async function runCase(
  { run, ...told }: ConformanceCase,
  { target, signal }: SuiteOptions,
  { found, ports, stalls, running }: Shared,
): Promise<CaseResult> {
  for (let attempt = 0; ; attempt++) {
    const startedMs = performance.now();
    const context = new CaseContext(target, found, ports);
    running.add(context);
    const verdict = await bounded(run, context, target.graceMs + CASE_LIMIT_MS, signal).finally(async () => {
      await context.end();
      running.delete(context);
    });
    const { number, id, family } = told;
    const title = withSignal(told.title, target.stopSignal);
    const stallMs = stalls.longestSince(startedMs);
    // A stall can make a good server look late. It cannot make a bad one look good, unless a step of the case came late.
    const isSound = verdict.status === 'pass' && context.latenessMs <= LONGEST_STALL_MS;
    if (isSound || stallMs <= LONGEST_STALL_MS) {
      return { number, id, family, title, durationMs: Math.round(performance.now() - startedMs), ...verdict };
    }
    const retryAfterMs = RETRY_AFTER_MS[attempt];
    if (retryAfterMs === undefined) {
      const message = `case ${number}: this machine is too busy: it stood still for ${Math.round(stallMs)} ms, and so in each of ${attempt + 1} attempts`;
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
