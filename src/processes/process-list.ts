/** The processes of one container, as /proc shows them from outside. Linux alone. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parseListener } from './listening-sockets.ts';

export interface ContainerProcessInfo {
  pid: number;
  /** One letter, as in ps: R, S, T (stopped), Z (zombie) and so on. */
  state: string;
  name: string;
}

/** Every process in the PID namespace of `firstPid`; none when that is gone. */
export function processesOf(firstPid: number | undefined): ContainerProcessInfo[] {
  const namespace = firstPid === undefined ? undefined : pidNamespace(firstPid);
  if (namespace === undefined) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && pidNamespace(Number(name)) === namespace)
    .map((name) => describe(Number(name)))
    .filter((found) => found !== undefined);
}

/** The ports that a process listens on. */
export function listeningPorts(pid: number): number[] {
  const listeners = listeningSockets();
  const files = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  const targets = files.map((file) => attempt(() => readlinkSync(`/proc/${pid}/fd/${file}`)) ?? '');
  return [...new Set(targets.map((target) => listeners.get(target)).filter((port) => port !== undefined))];
}

function describe(pid: number): ContainerProcessInfo | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name may have spaces and parentheses of its own.
  const match = stat && /^\d+ \((.*)\) (\S)/s.exec(stat);
  return match ? { pid, name: match[1] ?? '', state: match[2] ?? '' } : undefined;
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
