/**
 * Ports of this machine that are given out once, from now until they are given back, although nothing may listen on
 * them yet: a pod of a rollout's last step begins to listen long after its port was chosen.
 *
 * A free TCP port says nothing about who is about to use it, and a list in memory says nothing to other processes. So
 * whoever has TCP port N holds UDP port N too, which a server of HTTP does not need: the kernel lets one process have it,
 * and takes it back when that process ends, however it ends.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { EnvironmentError } from '../errors.ts';

const HOST = '127.0.0.1';
/** Below 32768, where the ephemeral ports of outgoing connections begin. */
const RANGE: PortRange = { first: 20_000, last: 31_999 };

/** Both ends are in it. */
export interface PortRange {
  first: number;
  last: number;
}

export interface HeldPort {
  readonly port: number;
  release(): void;
}

/** Where this process looks next, counted from the first: random, so that two processes seldom meet. */
let next = Math.floor(Math.random() * (RANGE.last - RANGE.first + 1));

/**
 * A TCP port that is free on every address of this machine, held until `release`.
 * @throws EnvironmentError when there is none
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

/** Taken, or not to be had by this user: the next one may be free. */
function whenTaken(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
}
