/** That requests on their way to the server at SIGTERM are served. */

import { setTimeout as delay } from 'node:timers/promises';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { type Reply, served, told } from '../http-probe.ts';
import { get, getInTwoParts } from '../requests.ts';
import { DRAINING_MS, READ_MS } from '../timing.ts';
import { fail, pass, type Verdict } from '../verdict.ts';

const BACKLOG = 10;

export const ARRIVING_CASES: readonly ConformanceCase[] = [
  {
    number: 15,
    id: 'half-sent-head',
    family: 'arriving',
    title: 'a request whose head is half sent is served',
    why: 'The first packet of a request may arrive before SIGTERM and the second after it. Its connection is not idle.',
    timing: `Half of a head ${READ_MS} ms before SIGTERM, on a new and on a kept connection; the rest at T + ${DRAINING_MS} ms.`,
    cause: 'no-graceful-shutdown',
    run: halfSentHeads,
  },
  {
    number: 16,
    id: 'backlog',
    family: 'arriving',
    title: 'connections in the accept backlog are served',
    why: 'The kernel completes a connection before the server accepts it. Closing the listener resets all of those, and their requests.',
    timing: `The process is stopped (SIGSTOP) while ${BACKLOG} connections with a request and then SIGTERM reach it, and goes on after that.`,
    cause: 'routing-lag',
    run: backlog,
  },
  {
    number: 17,
    id: 'buffered-request',
    family: 'arriving',
    title: 'a request that reached a kept connection before SIGTERM is served',
    why: 'To a server that has not read it yet, its connection looks idle. Closing that resets a request that was sent in good time.',
    timing:
      'The process is stopped (SIGSTOP) while a request on each of 10 kept connections and then SIGTERM reach it, and goes on after that.',
    cause: 'keep-alive-race',
    run: buffered,
  },
];

async function halfSentHeads(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  const kept = await context.keptConnection(server).catch(() => context.connect(server));
  const connections = [context.connect(server), kept];
  const [begin, rest] = getInTwoParts('/');
  const replies = connections.map((connection) => connection.ask(begin));
  await delay(READ_MS);
  server.terminate();
  await server.afterSignal(DRAINING_MS);
  for (const connection of connections) connection.write(rest);
  const [fresh, reused] = (await Promise.all(replies)) as [Reply, Reply];
  if (served(fresh) && served(reused)) return pass;
  return fail('both requests are answered', `on a new connection: ${told(fresh)}; on a kept one: ${told(reused)}`);
}

async function backlog(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  server.pause();
  const connections = Array.from({ length: BACKLOG }, () => context.connect(server));
  await Promise.all(connections.map((connection) => connection.connected));
  const replies = connections.map((connection) => connection.ask(get('/')));
  await delay(READ_MS);
  server.terminate();
  server.resume();
  return allServed(await Promise.all(replies), 'connections');
}

async function buffered(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  const connections = await Promise.all(Array.from({ length: BACKLOG }, () => context.keptConnection(server)));
  await delay(READ_MS);
  server.pause();
  const replies = connections.map((connection) => connection.ask(get('/')));
  await delay(READ_MS);
  server.terminate();
  server.resume();
  return allServed(await Promise.all(replies), 'kept connections');
}

function allServed(replies: readonly Reply[], what: string): Verdict {
  const lost = replies.filter((reply) => !served(reply));
  const [first] = lost;
  if (!first) return pass;
  return fail(`all ${replies.length} ${what} get a response`, `${lost.length} did not: ${told(first)}`);
}
