/** Ends the program in the middle of its work, in one of many ways, and checks what is left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PROJECT } from '../test/cli/program.ts';

/** How long what is left may take to end. */
const LEFT_LIMIT_MS = 5000;
/** After a signal that asks it to end, the program ends its servers first. */
const END_LIMIT_MS = 20_000;
const LOOK_MS = 50;

const SERVER = [process.execPath, join(PROJECT, 'test/own-service/servers/node-http.mjs')];
const COMPARE = ['compare', '--runtime', 'node', '--variant', 'valid', '--rate', '50'];

/** The commands, by what they do. */
export const COMMANDS: Record<string, readonly string[]> = {
  compare: COMPARE,
  run: ['run', '--replicas', '2', '--rate', '50', '--', ...SERVER],
  'run in networks of its own': ['run', '--replicas', '1', '--rate', '50', '--port', '3000', '--', ...SERVER],
  conform: ['conform', '--', ...SERVER],
  'compare with k6': [...COMPARE, '--load', 'k6'],
};

type Signal = (child: ChildProcess) => Promise<void> | void;

/** The program's whole group is killed, so cleaning up must not depend on the program. */
const toGroup = (child: ChildProcess, signal: NodeJS.Signals) => process.kill(-(child.pid as number), signal);

export const WAYS: Record<string, Signal> = {
  SIGKILL: (child) => void child.kill('SIGKILL'),
  'SIGKILL to its group': (child) => void toGroup(child, 'SIGKILL'),
  SIGTERM: (child) => void child.kill('SIGTERM'),
  SIGINT: (child) => void child.kill('SIGINT'),
  SIGHUP: (child) => void child.kill('SIGHUP'),
  'SIGINT twice': async (child) => {
    child.kill('SIGINT');
    await delay(30);
    child.kill('SIGINT');
  },
  'SIGINT and then SIGKILL': async (child) => {
    child.kill('SIGINT');
    await delay(30);
    child.kill('SIGKILL');
  },
  'SIGSTOP and then SIGKILL': async (child) => {
    child.kill('SIGSTOP');
    await delay(100);
    child.kill('SIGKILL');
  },
  'the end of its terminal': (child) => {
    child.stdout?.destroy();
    child.stderr?.destroy();
    toGroup(child, 'SIGHUP');
  },
};

export interface Kill {
  command: string;
  way: string;
  afterMs: number;
}

let kills = 0;

/** Describes what is left after 5 s; empty if nothing is. */
export async function killOnce({ command, way, afterMs }: Kill): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'killed-'));
  const mark = `/no-such-folder/kill-${process.pid}-${++kills}`;
  const child = spawn(process.execPath, [join(PROJECT, 'dist/cli.js'), ...(COMMANDS[command] ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, PATH: `${process.env.PATH}:${mark}`, TMPDIR: folder, NO_COLOR: '1' },
  });
  child.stdout.resume();
  child.stderr.resume();
  const exited = once(child, 'exit');
  try {
    await Promise.race([delay(afterMs, undefined, { ref: false }), exited]);
    if (child.exitCode === null) await WAYS[way]?.(child);
    const ended = await Promise.race([exited, delay(END_LIMIT_MS, undefined, { ref: false })]);
    if (!ended) return [`the program goes on after ${END_LIMIT_MS / 1000} s`];
    const left = () => [...processesWith(mark), ...filesIn(folder)];
    for (const endMs = performance.now() + LEFT_LIMIT_MS; left().length > 0 && performance.now() < endMs; ) {
      await delay(LOOK_MS);
    }
    return left();
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Processes with their commands, and with the ports or folders that they use. */
function processesWith(mark: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${mark}\0`)) return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').slice(0, 200);
        return [`process ${pid} (${readlinkSync(`/proc/${pid}/ns/pid`)}): ${command}`];
      } catch {
        return []; // it has ended, or belongs to another user
      }
    });
}

/** tsx, which runs this test, has a folder of its own there. */
function filesIn(folder: string): string[] {
  return readdirSync(folder).map((name) => `file ${name}`);
}
