/**
 * Which process made a namespace, and whether it is surely gone. A host's name says little: containers and CI runners share
 * theirs, and each has a process 7. Only this very PID namespace of this very boot can be asked about its processes.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import * as z from 'zod';

const Owner = z.object({
  host: z.string(),
  /** The id of the system's installation; empty where there is none, as in most containers. */
  machine: z.string(),
  /** The id of this boot, which differs for each machine and each start. Empty: not known, as on macOS. */
  boot: z.string(),
  /** In which the process has its number. Empty: not known. */
  pidNamespace: z.string(),
  pid: z.int().positive(),
  /** When it was started, in the kernel's ticks; empty: not known. */
  start: z.string(),
});
export type Owner = z.infer<typeof Owner>;

/** This process; without /proc, as on macOS, most of it is not known. */
export function thisOwner(): Owner {
  return {
    host: hostname(),
    machine: firstLineOf('/etc/machine-id'),
    boot: firstLineOf('/proc/sys/kernel/random/boot_id'),
    pidNamespace: pidNamespace(),
    pid: process.pid,
    start: startOfThis(),
  };
}

/** Reads an owner from its annotation; undefined where that is missing, malformed, or from an earlier version. */
export function parseOwner(json: string | undefined): Owner | undefined {
  try {
    return Owner.safeParse(JSON.parse(json ?? '')).data;
  } catch {
    return undefined; // not of our making
  }
}

/**
 * Whether the process has surely ended: it was one of this PID namespace, and is there no more. False where that cannot be
 * known, and then nothing may be taken away.
 * @param here the process that asks
 * @param look what there is with a number now
 */
export function isGone(owner: Owner, here: Owner, look: (pid: number) => Running = running): boolean {
  const isHere = (['host', 'machine', 'boot', 'pidNamespace'] as const).every((name) => owner[name] === here[name]);
  const isKnown = [owner.boot, owner.pidNamespace, owner.start, here.start].every((field) => field !== '');
  if (!isHere || !isKnown) return false;
  const { alive, start } = look(owner.pid);
  return !alive || (start !== '' && start !== owner.start);
}

interface Running {
  alive: boolean;
  /** Empty: not to be seen, as another user's process may be. */
  start: string;
}

function running(pid: number): Running {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return { alive: false, start: '' };
  }
  return { alive: true, start: startIn(firstLineOf(`/proc/${pid}/stat`)) };
}

/** Empty where /proc is that of another PID namespace, and has other numbers. */
function startOfThis(): string {
  const stat = firstLineOf('/proc/self/stat');
  return Number.parseInt(stat, 10) === process.pid ? startIn(stat) : '';
}

/** The fields after the command, which is in brackets and may hold anything; the 20th of them is the start time. */
function startIn(stat: string): string {
  return stat.split(') ').at(-1)?.split(' ')[19] ?? '';
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function firstLineOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n')[0]?.trim() ?? '';
  } catch {
    return '';
  }
}
