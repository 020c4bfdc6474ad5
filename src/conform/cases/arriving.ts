/** Requests on their way to the server at SIGTERM are served. */

import { delay } from '../../timers.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { describeReply, type Reply, served } from '../http-probe.ts';
import { get, getInTwoParts } from '../requests.ts';
import { DRAINING_MS, orAfter, READ_MS } from '../timing.ts';
import { fail, pass, type Verdict } from '../verdict.ts';

const BACKLOG = 10;

/** A server that closes its port sooner than this after SIGTERM did not check for waiting connections. */
const LUCK_MS = 100;

export const ARRIVING_CASES: readonly ConformanceCase[] = [
  {
    number: 15,
    id: 'half-sent-head',
    family: 'arriving',
    title: 'a request with a half-sent head is served',
    why: 'The first packet of a request may arrive before SIGTERM and the second after it. Its connection is not idle.',
    timing: `Half of the head is sent ${READ_MS} ms before SIGTERM, on a new and on a keep-alive connection, and the rest at T + ${DRAINING_MS} ms.`,
    cause: 'no-graceful-shutdown',
    run: halfSentHeads,
  },
  {
    number: 16,
    id: 'backlog',
    family: 'arriving',
    title: 'connections in the accept backlog are served',
    why: 'The kernel completes a connection before the server accepts it. Closing the listener resets all connections that wait to be accepted, and their requests fail.',
    timing: `The process is paused (SIGSTOP) while ${BACKLOG} connections with a request arrive, and then SIGTERM, and resumes after that. The port must stay open for at least ${LUCK_MS} ms, because it is luck whether a server handles the connections or the signal first.`,
    cause: 'routing-lag',
    run: backlog,
  },
];

async function halfSentHeads(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  const used = context.connect(server);
  const { keepAlive } = await context.answered(used.ask(get('/')), 'GET /');
  const connections = [context.connect(server), keepAlive ? used : context.connect(server)];
  const [begin, rest] = getInTwoParts('/');
  const replies = connections.map((connection) => connection.ask(begin));
  await delay(READ_MS);
  server.terminate();
  await server.afterSignal(DRAINING_MS);
  for (const connection of connections) connection.write(rest);
  const [fresh, reused] = (await Promise.all(replies)) as [Reply, Reply];
  if (served(fresh) && served(reused)) return pass;
  return fail(
    'both requests are answered',
    `on a new connection: ${describeReply(fresh)}; on a keep-alive one: ${describeReply(reused)}`,
  );
}

async function backlog(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  await server.pause();
  const connections = Array.from({ length: BACKLOG }, () => context.connect(server));
  await Promise.all(connections.map((connection) => connection.connected));
  const asked = connections.map((connection) => connection.ask(get('/')));
  await delay(READ_MS);
  server.terminate();
  server.resume();
  const replies = await Promise.all(asked);
  const expected = `all ${BACKLOG} connections get a response`;
  const lost = replies.filter((reply) => !served(reply));
  if (lost[0]) return fail(expected, `${lost.length} did not: ${describeReply(lost[0])}`);
  const closedMs = await orAfter(LUCK_MS, server.listenerClosed);
  if (closedMs === undefined) return pass;
  return fail(
    expected,
    'they did, but the port was closed immediately: another time the signal may arrive before them',
  );
}
