/** The processes of one container, as /proc shows them from outside. Linux only. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { childrenOf } from './children.ts';
import { listenersAround } from './listening-sockets.ts';
import { type ProcessFacts, type ProcessRoles, processRoles } from './process-names.ts';

/**
 * Every process in the PID namespace of `firstPid`, that one first; empty if it has ended. The kernel gives orphans to
 * PID 1, so all of them descend from it. Searching all processes of the machine would take a hundred times as long.
 */
export function processesOf(firstPid: number | undefined): ProcessFacts[] {
  const pids = firstPid === undefined ? [] : [firstPid];
  for (const pid of pids) pids.push(...threadsOf(pid).flatMap((thread) => childrenOf(pid, thread)));
  return pids.map(processFacts).filter((found) => found !== undefined);
}

/** Whether a process has started others. If the first process has not, it is the container's only process. */
export function hasChildren(pid: number | undefined): boolean {
  return pid !== undefined && threadsOf(pid).some((thread) => childrenOf(pid, thread).length > 0);
}

function threadsOf(pid: number): number[] {
  return (attempt(() => readdirSync(`/proc/${pid}/task`)) ?? []).map(Number);
}

/** Which process of the container listens on `port`, and which processes wrap it; undefined if none listens there. */
export function rolesOf(firstPid: number | undefined, port: number): ProcessRoles | undefined {
  if (firstPid === undefined) return undefined;
  const listeners = listenersAround(firstPid);
  return processRoles(processesOf(firstPid), firstPid, (pid) => portsOf(pid, listeners).includes(port));
}

/** The ports that the processes of a container listen on. */
export function listeningPorts(firstPid: number | undefined): number[] {
  if (firstPid === undefined) return [];
  const listeners = listenersAround(firstPid);
  return [...new Set(processesOf(firstPid).flatMap(({ pid }) => portsOf(pid, listeners)))];
}

function portsOf(pid: number, listeners: ReadonlyMap<string, number>): number[] {
  const files = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  const targets = files.map((file) => attempt(() => readlinkSync(`/proc/${pid}/fd/${file}`)) ?? '');
  return targets.map((target) => listeners.get(target)).filter((port) => port !== undefined);
}

/** Undefined if the process has ended. */
export function processFacts(pid: number): ProcessFacts | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const cmdline = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  // The name in parentheses may contain spaces and parentheses itself.
  const match = stat && /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat);
  if (!match) return undefined;
  const args = (cmdline ?? '').split('\0').slice(0, -1);
  return { pid, comm: match[1] ?? '', state: match[2] ?? '', parentPid: Number(match[3]), args };
}

/** Undefined if the process has ended meanwhile or belongs to another user. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
