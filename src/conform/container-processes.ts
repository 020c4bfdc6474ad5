/** The processes of one container, as /proc shows them from outside. Linux alone. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

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

/** Whether a process holds a socket that listens on that port. */
export function holdsListener(pid: number, port: number): boolean {
  const inodes = listeningInodes(port);
  const files = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return files.some((file) => {
    const target = attempt(() => readlinkSync(`/proc/${pid}/fd/${file}`));
    return target !== undefined && inodes.has(target);
  });
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

/** As /proc/PID/fd names them: "socket:[12345]". */
function listeningInodes(port: number): Set<string> {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = ['tcp', 'tcp6'].flatMap(
    (table) => attempt(() => readFileSync(`/proc/self/net/${table}`, 'latin1').split('\n')) ?? [],
  );
  const columns = lines.map((line) => line.trim().split(/\s+/));
  return new Set(columns.filter((c) => c[1]?.endsWith(end) && c[3] === '0A').map((c) => `socket:[${c[9]}]`));
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
