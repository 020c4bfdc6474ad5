/** The processes of one container, as /proc shows them from outside. Linux alone. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parseListener } from './listening-sockets.ts';
import { type ProcessFacts, type ProcessRoles, processRoles } from './process-names.ts';

/** Every process in the PID namespace of `firstPid`; none when that is gone. */
export function processesOf(firstPid: number | undefined): ProcessFacts[] {
  const namespace = firstPid === undefined ? undefined : pidNamespace(firstPid);
  if (namespace === undefined) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && pidNamespace(Number(name)) === namespace)
    .map((name) => describe(Number(name)))
    .filter((found) => found !== undefined);
}

/** Which process of the container listens on `port`, and which ran it; undefined when none of them listens there. */
export function rolesOf(firstPid: number | undefined, port: number): ProcessRoles | undefined {
  if (firstPid === undefined) return undefined;
  const listeners = listeningSockets();
  return processRoles(processesOf(firstPid), firstPid, (pid) => portsOf(pid, listeners).includes(port));
}

/** The ports that the processes of a container listen on. */
export function listeningPorts(firstPid: number | undefined): number[] {
  const listeners = listeningSockets();
  return [...new Set(processesOf(firstPid).flatMap(({ pid }) => portsOf(pid, listeners)))];
}

function portsOf(pid: number, listeners: ReadonlyMap<string, number>): number[] {
  const files = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  const targets = files.map((file) => attempt(() => readlinkSync(`/proc/${pid}/fd/${file}`)) ?? '');
  return targets.map((target) => listeners.get(target)).filter((port) => port !== undefined);
}

function describe(pid: number): ProcessFacts | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const cmdline = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  // The name may have spaces and parentheses of its own.
  const match = stat && /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat);
  if (!match) return undefined;
  const args = (cmdline ?? '').split('\0').slice(0, -1);
  return { pid, comm: match[1] ?? '', state: match[2] ?? '', parentPid: Number(match[3]), args };
}

function pidNamespace(pid: number): string | undefined {
  return attempt(() => readlinkSync(`/proc/${pid}/ns/pid`));
}

/** Ports by socket, which is named as in /proc/PID/fd: "socket:[12345]". */
function listeningSockets(): Map<string, number> {
  const lines = ['tcp', 'tcp6'].flatMap(
    (table) => attempt(() => readFileSync(`/proc/self/net/${table}`, 'latin1').split('\n')) ?? [],
  );
  const ports = new Map<string, number>();
  for (const line of lines) {
    const port = parseListener(line)?.port;
    if (port !== undefined) ports.set(`socket:[${line.trim().split(/\s+/)[9]}]`, port);
  }
  return ports;
}

/** Undefined when the process has gone meanwhile, or is another user's. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
