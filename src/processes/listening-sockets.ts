/** Finds listening sockets through /proc, because what a server logs may differ from what it does. Linux only. */
import { closeSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

export const CAN_SEE_SOCKETS = process.platform === 'linux';

const TABLES = { ipv4: '/proc/self/net/tcp', ipv6: '/proc/self/net/tcp6' };
type Family = keyof typeof TABLES;

/**
 * The length of a table's line. The kernel lists listening sockets first and generates only as much of the table as is
 * read. Reading a whole page would make it walk every connection of the machine, which takes milliseconds.
 */
const LINE_BYTES = 150;
const LISTEN = '0A';

export interface ListeningSocket {
  /** In hex, as in the kernel's table. */
  address: string;
  port: number;
}

/** Watches whether and at which address something in this network namespace listens on one port. Meant for polling. */
export class PortWatch {
  readonly #port: number;
  /** The family in which it was last found comes first. */
  #families: Family[] = ['ipv4', 'ipv6'];

  constructor(port: number) {
    this.#port = port;
  }

  /** The address at which this machine reaches it, the likeliest if there are several; undefined if nothing listens. */
  host(): string | undefined {
    return this.hosts()[0];
  }

  /** Every address at which this machine may reach it, the likeliest first; empty if nothing listens. */
  hosts(): string[] {
    for (const family of this.#families) {
      const socket = findListener(TABLES[family], (candidate) => candidate.port === this.#port);
      if (!socket) continue;
      this.#families = [family, family === 'ipv4' ? 'ipv6' : 'ipv4'];
      return hostsOf(socket.address);
    }
    return [];
  }
}

const IPV4_LOOPBACK = '127.0.0.1';
const IPV6_LOOPBACK = '::1';
/** The first 12 bytes of ::ffff:0:0/96, as the kernel writes them. */
const IPV4_MAPPED = '0000000000000000FFFF0000';

/**
 * The addresses that reach a socket listening on `hex`, the likeliest first. The kernel writes each 32-bit word of an
 * address in the byte order of the machine.
 */
export function hostsOf(hex: string): string[] {
  const mapped = hex.startsWith(IPV4_MAPPED) && hex.length === 32;
  const ipv4 = mapped ? hex.slice(IPV4_MAPPED.length) : hex;
  if (ipv4.length === 8) return [/^0+$/.test(ipv4) ? IPV4_LOOPBACK : wordBytes(ipv4).join('.')];
  // An IPv6 wildcard accepts IPv4 connections too, unless the server sets IPV6_V6ONLY.
  if (/^0+$/.test(hex)) return [IPV4_LOOPBACK, IPV6_LOOPBACK];
  const bytes = hex.match(/.{8}/g)?.flatMap(wordBytes) ?? [];
  const groups = Array.from({ length: 8 }, (_, nth) =>
    (((bytes[nth * 2] ?? 0) << 8) | (bytes[nth * 2 + 1] ?? 0)).toString(16),
  );
  const address = groups.join(':');
  return [address === '0:0:0:0:0:0:0:1' ? IPV6_LOOPBACK : address];
}

function wordBytes(hex: string): number[] {
  const bytes = [...Buffer.from(hex, 'hex')];
  return endianness() === 'LE' ? bytes.reverse() : bytes;
}

export type PortState = 'listens' | 'closed';

/** How often to check whether a server listens. */
const WATCH_MS = 5;

/**
 * Calls back once, as soon as something listens on the port, or nothing does any more. Returns a function that stops
 * watching.
 */
export function watchListener(port: number, until: PortState, done: () => void): () => void {
  const watch = new PortWatch(port);
  const timer = setInterval(() => {
    if ((watch.host() !== undefined) !== (until === 'listens')) return;
    clearInterval(timer);
    done();
  }, WATCH_MS);
  return () => clearInterval(timer);
}

/**
 * The listening socket that a line of /proc/net/tcp or tcp6 describes; undefined if it describes another kind of
 * socket.
 */
export function parseListener(line: string): ListeningSocket | undefined {
  const [, local = '', , state] = line.trim().split(/\s+/);
  if (state !== LISTEN) return undefined;
  const [address = '', port = ''] = local.split(':');
  return { address, port: Number.parseInt(port, 16) };
}

function findListener(table: string, wanted: (socket: ListeningSocket) => boolean): ListeningSocket | undefined {
  for (const line of listenerLines(table)) {
    const socket = parseListener(line);
    if (socket && wanted(socket)) return socket;
  }
  return undefined;
}

/**
 * The ports that are listened on in the network namespace of a process, by the name of the socket in /proc/PID/fd:
 * "socket:[12345]".
 */
export function listenersAround(pid: number): Map<string, number> {
  const ports = new Map<string, number>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of listenerLines(`/proc/${pid}/net/${table}`)) {
      const port = parseListener(line)?.port;
      if (port !== undefined) ports.set(`socket:[${line.trim().split(/\s+/)[9]}]`, port);
    }
  }
  return ports;
}

function* listenerLines(table: string): Generator<string> {
  const lines = readLines(table);
  lines.next(); // the column headings
  for (const line of lines) {
    if (!parseListener(line)) return;
    yield line;
  }
}

/** The lines of a table, read lazily. */
function* readLines(table: string): Generator<string> {
  let file: number;
  try {
    file = openSync(table, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // the kernel has no IPv6, or the process has ended
    throw error;
  }
  try {
    const chunk = Buffer.alloc(LINE_BYTES);
    for (let text = ''; ; ) {
      const end = text.indexOf('\n');
      if (end >= 0) {
        yield text.slice(0, end);
        text = text.slice(end + 1);
        continue;
      }
      const bytes = readSync(file, chunk);
      if (bytes === 0) return;
      text += chunk.toString('latin1', 0, bytes);
    }
  } finally {
    closeSync(file);
  }
}
