/** Runs the built program on hostile input, and asserts what must hold for any input. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { CAN_SEE_PROCESSES, type Ended, type RunOptions, start } from '../test/cli/program.ts';

const LIMIT_MS = 20_000;
const MEMORY_LIMIT_MB = 1536;
/** Longer lines are unreadable. */
const LONGEST_LINE = 2000;
/** Exit codes with which the program prints only one line, on stderr. */
const ERROR_CODES = [2, 4];
const POLL_MS = 50;

export interface HostileOptions extends RunOptions {
  /** The documented exit codes that this input may lead to. */
  codes: readonly number[];
  /** stdout has a machine-readable format, which may have longer lines. */
  longLines?: boolean;
}

/**
 * Runs the program to its end. It must end within 20 s and 1.5 GB, with one of the exit codes, without a stack trace or
 * a control character, with a single line if it is an error, and without leaving a process behind.
 */
export async function held(t: TestContext, args: readonly string[], options: HostileOptions): Promise<Ended> {
  const startedMs = performance.now();
  const program = start(t, args, { deadlineMs: LIMIT_MS, ...options });
  let peakMb = 0;
  const poll = setInterval(() => {
    peakMb = Math.max(peakMb, peakMemoryMb(program.child.pid));
  }, POLL_MS);
  const ended = await program.ended.finally(() => clearInterval(poll));
  const context = `k8s-rollout-test ${args.join(' ').slice(0, 300)}\nexit ${ended.code ?? ended.signal}\n${ended.stderr.slice(0, 2000)}`;

  assert.notEqual(ended.signal, 'SIGKILL', `killed after ${Math.round(performance.now() - startedMs)} ms: ${context}`);
  assert.ok(options.codes.includes(ended.code ?? -1), `the exit code must be one of ${options.codes}: ${context}`);
  assert.ok(peakMb < MEMORY_LIMIT_MB, `${peakMb} MB of memory: ${context}`);
  assertReadable(ended, options.longLines ?? false, context);
  if (CAN_SEE_PROCESSES) assert.deepEqual(program.leftovers(), [], `processes are left: ${context}`);
  return ended;
}

/** No stack trace, no control character, no unreadable line; an error is one line. */
export function assertReadable({ code, stdout, stderr }: Ended, longLines: boolean, context: string): void {
  for (const text of [stdout, stderr]) {
    assert.doesNotMatch(text, /^\s+at \S.*:\d+:\d+\)?$/m, `a stack trace: ${context}`);
    assert.doesNotMatch(text, /[^\P{Cc}\n\t]/u, `a control character: ${context}`);
  }
  const lines = [...(longLines ? [] : stdout.split('\n')), ...stderr.split('\n')];
  const longest = Math.max(...lines.map(({ length }) => length));
  assert.ok(longest <= LONGEST_LINE, `a line of ${longest} characters: ${context}`);
  if (ERROR_CODES.includes(code ?? -1)) {
    const errors = stderr.split('\n').filter((line) => line.startsWith('k8s-rollout-test: '));
    assert.equal(errors.length, 1, `one line says what is wrong: ${context}`);
  }
}

/** The peak memory of a process so far; 0 if not known. */
function peakMemoryMb(pid: number | undefined): number {
  if (!CAN_SEE_PROCESSES) return 0;
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it has ended
  }
}
