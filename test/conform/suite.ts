/** Runs cases against one of the servers in this folder. */
import { join } from 'node:path';
import { CASES } from '../../src/conform/cases/registry.ts';
import { type CaseResult, runSuite } from '../../src/conform/suite.ts';
import { ExitCode, ProgramError } from '../../src/errors.ts';

/** The routes of graceful.mjs. */
export const PATHS = {
  slow: '/delay/MS',
  upload: '/upload',
  stream: '/stream',
  events: '/events',
  ws: '/ws',
  ready: '/readyz',
};

/** Above the deadline of graceful.mjs, 4.5 s. */
const GRACE_MS = 7000;

const server = (file: string) => join(import.meta.dirname, 'servers', file);

export function faulty(fault: string): string[] {
  return [process.execPath, server('faulty.mjs'), fault];
}

export const WRAPPED = [process.execPath, server('wrapper.mjs'), ...faulty('none')];

/** A wrapper that does not wait for the server, and one that waits for a server that cuts requests. */
export const IMPATIENT = (mode: string) => [process.execPath, server('impatient-wrapper.mjs'), mode, ...faulty('none')];
export const WRAPPED_CUTTER = [process.execPath, server('wrapper.mjs'), ...faulty('does-not-wait-for-requests')];

/** A shell that does not pass the signal on; without the second command it would exec the server. */
export const IN_A_SHELL = ['sh', '-c', '"$@"; true', 'sh', ...faulty('none')];

/** How long the other tests may keep the machine busy before these tests give up. */
const BUSY_LIMIT_MS = 10 * 60_000;

/** @throws ProgramError (invalid measurement) if the machine stays too busy for a verdict */
export async function verdicts(command: readonly string[], ids: readonly string[]): Promise<CaseResult[]> {
  const endMs = performance.now() + BUSY_LIMIT_MS;
  for (;;) {
    try {
      return await judged(command, ids);
    } catch (error) {
      const isBusy = error instanceof ProgramError && error.exitCode === ExitCode.invalidMeasurement;
      if (!isBusy || performance.now() > endMs) throw error;
    }
  }
}

/** Like `verdicts`, but fails immediately on a machine that is too busy. */
export async function judged(command: readonly string[], ids: readonly string[]): Promise<CaseResult[]> {
  const result = await runSuite({
    target: {
      command,
      env: { PATH: process.env.PATH ?? '' },
      stopSignal: 'SIGTERM',
      graceMs: GRACE_MS,
      startLimitMs: 20_000,
    },
    paths: PATHS,
    idleLimitMs: 3000,
    cases: CASES.filter(({ id }) => ids.includes(id)),
    ownPort: undefined,
    signal: new AbortController().signal,
  });
  return [...result.cases];
}
