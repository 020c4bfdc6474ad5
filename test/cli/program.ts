/** Runs the built program as a user does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export const PROJECT = join(import.meta.dirname, '..', '..');
const DEADLINE_MS = 600_000;

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** The path of the program, if it is not the usual one. */
  cli?: string;
  env?: Record<string, string>;
  /** Standard input is an open pipe without data. By default it is empty. */
  openInput?: boolean;
  /** The working directory. By default that of the tests. */
  cwd?: string;
  /** The program is killed after this time. */
  deadlineMs?: number;
}

export interface Program {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** The ids of processes still running that this program started, directly or indirectly. */
  leftovers(): number[];
}

/** All processes that the program starts inherit its PATH. A non-existent folder in it marks them. */
let runs = 0;

/** Starts the program. It is killed if the test ends first, or at its deadline, by default after two minutes. */
export function start(t: TestContext, args: readonly string[], options: RunOptions = {}): Program {
  const { cli = join(PROJECT, 'dist/cli.js'), env = {}, cwd, openInput, deadlineMs = DEADLINE_MS } = options;
  const mark = `/no-such-folder/run-${process.pid}-${++runs}`;
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: [openInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    cwd,
    env: { ...process.env, PATH: `${process.env.PATH}:${mark}`, NO_COLOR: '1', FORCE_COLOR: undefined, ...env },
  });
  const kill = () => child.kill('SIGKILL');
  t.after(kill);
  const deadline = setTimeout(kill, deadlineMs);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    // Decoded as one stream, because a character may be split between two chunks.
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => {
    clearTimeout(deadline);
    return { code, signal, ...output };
  });
  return { child, ended, leftovers: () => processesWith(mark) };
}

export function run(t: TestContext, args: readonly string[], options?: RunOptions): Promise<Ended> {
  return start(t, args, options).ended;
}

/** Whether leftovers can be found: only Linux has the environment of processes in /proc. */
export const CAN_SEE_PROCESSES = existsSync('/proc/self/environ');

function processesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${mark}\0`);
      } catch {
        return false; // it has ended, or belongs to another user
      }
    })
    .map(Number);
}

/** Resolves once `condition` holds. Checks it every 20 ms. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`${what} did not happen within 60 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
