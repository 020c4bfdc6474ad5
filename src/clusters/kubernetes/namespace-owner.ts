/**
 * Identifies the process that created a namespace, and decides whether it has definitely ended. The host name is not
 * enough: containers and CI runners share theirs, and each has a process 7. Only processes of the same PID namespace of
 * the same boot can be checked.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import * as z from 'zod';

const Owner = z.object({
  host: z.string(),
  /** The id of the system's installation; empty if there is none, as in most containers. */
  machine: z.string(),
  /** The id of this boot, which differs for each machine and each start; empty if not known, as on macOS. */
  boot: z.string(),
  /** The PID namespace in which `pid` is valid; empty if not known. */
  pidNamespace: z.string(),
  pid: z.int().positive(),
  /** Start time of the process, in the kernel's clock ticks; empty if not known. */
  start: z.string(),
});
export type Owner = z.infer<typeof Owner>;

/** This process. Without /proc, as on macOS, most fields are empty. */
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

/** Parses an owner annotation; undefined if it is missing, malformed, or from an earlier version. */
export function parseOwner(json: string | undefined): Owner | undefined {
  try {
    return Owner.safeParse(JSON.parse(json ?? '')).data;
  } catch {
    return undefined; // not written by this program
  }
}

/**
 * Whether the process has definitely ended: it belonged to this PID namespace and no longer exists. False if that is
 * not known; then nothing may be deleted.
 * @param here this process
 * @param findProcess finds the process that now has an id
 */
export function isGone(owner: Owner, here: Owner, findProcess: (pid: number) => Running = running): boolean {
  const isHere = (['host', 'machine', 'boot', 'pidNamespace'] as const).every((name) => owner[name] === here[name]);
  const isKnown = [owner.boot, owner.pidNamespace, owner.start, here.start].every((field) => field !== '');
  if (!isHere || !isKnown) return false;
  const { alive, start } = findProcess(owner.pid);
  return !alive || (start !== '' && start !== owner.start);
}

interface Running {
  alive: boolean;
  /** Empty if not readable, for example for another user's process. */
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

/** Empty if /proc belongs to another PID namespace and so has other ids. */
function startOfThis(): string {
  const stat = firstLineOf('/proc/self/stat');
  return Number.parseInt(stat, 10) === process.pid ? startIn(stat) : '';
}

/** The start time: the 20th field after the command, which is in parentheses and may contain anything. */
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
