/**
 * Reserves ports of this machine that nothing may listen on yet: a pod of a rollout's last step begins to listen long
 * after its port was chosen.
 *
 * A TCP port that is free now says nothing about who is about to use it, and a list in memory does not reach other
 * processes. So the holder of TCP port N also binds UDP port N, which an HTTP server does not need. The kernel gives it
 * to one process only, and frees it when that process ends for any reason.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { EnvironmentError } from '../errors.ts';

const HOST = '127.0.0.1';
/** Below 32768, where the ephemeral ports of outgoing connections begin. */
const RANGE: PortRange = { first: 20_000, last: 31_999 };

/** Both ends inclusive. */
export interface PortRange {
  first: number;
  last: number;
}

export interface HeldPort {
  readonly port: number;
  release(): void;
}

/**
 * The offset into the range at which this process tries next. It starts at random, so that two processes rarely
 * collide.
 */
let next = Math.floor(Math.random() * (RANGE.last - RANGE.first + 1));

/**
 * Reserves a TCP port that is free on every address of this machine, until `release`.
 * @throws EnvironmentError if no port of the range is free
 */
export async function holdPort({ first, last }: PortRange = RANGE): Promise<HeldPort> {
  const count = last - first + 1;
  for (let i = 0; i < count; i++) {
    const port = first + (next++ % count);
    const lease = await takeUdpPort(port);
    if (!lease) continue;
    if (await isFree(port)) return { port, release: () => lease.close() };
    lease.close();
  }
  throw new EnvironmentError(`no free port between ${first} and ${last} on ${HOST}`);
}

async function takeUdpPort(port: number): Promise<Socket | undefined> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ port, address: HOST, exclusive: true });
    await once(socket, 'listening');
    return socket.unref();
  } catch (error) {
    socket.close();
    return whenTaken(error);
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    return whenTaken(error) ?? false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/**
 * Undefined if the port is taken or this user may not bind it, so that the caller tries the next. Throws other errors.
 */
function whenTaken(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
}
