/**
 * Finds out about a server before the cases run: how it ends when idle, which routes it has, and whether finished
 * requests keep its process from ending. Each of these uses processes of its own, so that they do not affect each
 * other.
 */

import pLimit from 'p-limit';
import { InputError } from '../errors.ts';
import { protocolAdvice, recogniseProtocol } from '../load/builtin/protocol.ts';
import { processName, wrapperNames } from '../processes/process-names.ts';
import { delay } from '../timers.ts';
import type { Ports } from './ports.ts';
import { findRoutes, type Paths, type Routes, routeProbes } from './routes.ts';
import { ServerUnderTest, type Target } from './server-under-test.ts';
import { SETTLED_MS } from './timing.ts';

export interface Survey extends Routes {
  /** Whether it ends on the stop signal within the grace period when it is idle. */
  exits: boolean;
  /** From the stop signal until it stopped listening, when idle, in ms; undefined if it did not. */
  drainMs: number | undefined;
  /**
   * Finished requests that keep the process from ending, although it ends when idle: "GET /events, whose client had
   * left". Empty if there are none.
   */
  heldOpenBy: readonly string[];
  /** The wrappers and the server: "tini, which runs npm" and "server.js"; undefined if PID 1 is the server. */
  wrapper: { names: string; server: string } | undefined;
}

type Idle = Pick<Survey, 'exits' | 'drainMs' | 'wrapper'>;

const AT_A_TIME = 3;

/**
 * @throws InputError if the server does not speak HTTP/1.1
 * @throws EnvironmentError if the command does not start, listen or respond
 */
export async function survey(target: Target, paths: Paths, ports: Ports, signal: AbortSignal): Promise<Survey> {
  const servers: ServerUnderTest[] = [];
  const start = async () => {
    signal.throwIfAborted();
    const server = await ServerUnderTest.start(target, await ports.next());
    servers.push(server);
    if (signal.aborted) await endAll();
    return server;
  };
  const endAll = () => Promise.all(servers.map((server) => server.stop()));
  signal.addEventListener('abort', endAll);
  try {
    const first = await start();
    await first.listens();
    const settled = delay(SETTLED_MS);
    await assertHttp1(first, target);
    await first.serves();
    const idle = settled.then(() => idleEnd(first));
    // With only one port, the next process can start only when the previous one has ended.
    if (ports.single) await idle;
    const [{ exits, ...rest }, second] = await Promise.all([idle, start().then((server) => surveyed(server, paths))]);
    const held = exits && !(await endsByItself(second.server));
    if (ports.single) await second.server.stop();
    const heldOpenBy = held ? await findHolders(start, paths, ports.single) : [];
    return { ...second.routes, ...rest, exits, heldOpenBy };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', endAll);
    await endAll();
  }
}

async function assertHttp1(server: ServerUnderTest, { command }: Target): Promise<void> {
  const found = await recogniseProtocol(server.address, '/');
  const advice = protocolAdvice(found);
  if (advice !== undefined) throw new InputError(`${command.join(' ')}: port ${server.port}: ${advice}`);
  // A slow server still has time to respond, unless its output already shows why it never will.
  if (found.protocol === 'unknown') server.assertUser();
}

async function idleEnd(server: ServerUnderTest): Promise<Idle> {
  const roles = server.roles();
  const names = roles && wrapperNames(roles);
  const wrapper = roles && names !== undefined ? { names, server: processName(roles.server) } : undefined;
  const exits = await endsByItself(server);
  return { exits, drainMs: exits ? server.sinceSignal(await server.listenerClosed) : undefined, wrapper };
}

async function endsByItself(server: ServerUnderTest): Promise<boolean> {
  server.terminate();
  return !(await server.exited).killed;
}

async function surveyed(server: ServerUnderTest, paths: Paths): Promise<{ server: ServerUnderTest; routes: Routes }> {
  await server.serves();
  return { server, routes: await findRoutes(server, paths) };
}

/** Finds the requests that keep the process from ending, by sending each to a process of its own. */
async function findHolders(start: () => Promise<ServerUnderTest>, paths: Paths, single: boolean): Promise<string[]> {
  const limit = pLimit(single ? 1 : AT_A_TIME);
  const probes = routeProbes(paths);
  const holds = await Promise.all(
    probes.map(({ send }) =>
      limit(async () => {
        const server = await start();
        await server.serves();
        await send(server);
        const ends = await endsByItself(server);
        await server.stop();
        return !ends;
      }),
    ),
  );
  const found = probes.filter((_, nth) => holds[nth]).map(({ name }) => name);
  return found.length > 0 ? found : [`these together: ${probes.map(({ name }) => name).join('; ')}`];
}
