/** Connections that clients keep open end without loss, and in time. */
import { delay } from '../../timers.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { describeReply, type ProbeConnection } from '../http-probe.ts';
import { get, post } from '../requests.ts';
import { slowPathFor } from '../routes.ts';
import { HELD_BACK_MS, orAfter, PROMPT_MS, READ_MS } from '../timing.ts';
import { fail, notApplicable, pass, required, Unusable, type Verdict } from '../verdict.ts';
import { promptExit, STILL_RUNNING, seconds } from './endings.ts';

/** How often an occasional client uses its connection: often enough to fall into any drain of half a second. */
const OCCASIONAL_MS = 400;
const OCCASIONAL_CLIENTS = 8;
const BUSY_CLIENTS = 4;
/**
 * SIGTERM is sent READ_MS after the first requests: in the middle of them, and not while all clients are between two.
 */
const BUSY_MS = 2 * READ_MS;
const ANNOUNCED_WITHIN_MS = 1000;

export const KEEP_ALIVE_CASES: readonly ConformanceCase[] = [
  {
    number: 17,
    id: 'keeps-connections',
    family: 'keep-alive',
    title: 'keeps connections open before SIGTERM, even after a POST',
    why: 'A server that closes every connection after its response passes the other cases of this group, at the cost of one connection per request.',
    timing:
      'No signal is sent. One connection carries a GET, a POST with a body of 1000 bytes (if the server reads one), and a GET.',
    link: 'https://github.com/denoland/deno/issues/36657',
    run: keepsConnections,
  },
  {
    number: 18,
    id: 'idle-connections-closed',
    family: 'keep-alive',
    title: 'idle keep-alive connections do not delay the exit',
    why: 'Clients and proxies hold idle connections for minutes. A server that waits for them to close is killed instead.',
    timing: `Connections are idle after a GET, and after a POST if the server accepts one. The process exits within ${PROMPT_MS / 1000} s after its port closes.`,
    link: 'https://github.com/nodejs/node/issues/2642',
    run: idleConnections,
  },
  {
    number: 19,
    id: 'silent-connection',
    family: 'keep-alive',
    title: 'a connection on which nothing was sent does not delay the exit',
    why: 'Load balancers and browsers open connections before they need them. There is nothing to wait for on such a connection.',
    timing: `A client connects ${HELD_BACK_MS} ms before SIGTERM. The process exits within ${PROMPT_MS / 1000} s after its port closes.`,
    async run(context) {
      context.needsExit();
      const server = await context.serve();
      await context.connect(server).connected;
      await delay(HELD_BACK_MS);
      server.terminate();
      return promptExit(server, 'the only connection had never carried a byte');
    },
  },
  {
    number: 20,
    id: 'announces-close',
    family: 'keep-alive',
    title: 'answers Connection: close on busy connections while draining',
    why: 'This is the only way in HTTP/1.1 to tell a client that the connection is about to close. Without it, the next request is lost when the connection closes.',
    timing: `Requests follow each other on one connection before and after SIGTERM. The header comes by T + ${ANNOUNCED_WITHIN_MS} ms.`,
    cause: 'keep-alive-race',
    link: 'https://github.com/nodejs/node/issues/60617',
    run: announcesClose,
  },
  {
    number: 21,
    id: 'busy-connections',
    family: 'keep-alive',
    title: 'busy connections do not keep the process alive',
    why: 'If a client always has its next request ready, its connection is never idle. The exit must not wait for an idle moment.',
    timing: `On ${BUSY_CLIENTS} connections, each request follows the last one at once, regardless of the response headers. Each takes ${BUSY_MS} ms if there is a route for that. The process exits within the grace period.`,
    run: busyConnections,
  },
  {
    number: 22,
    id: 'keep-alive-race',
    family: 'keep-alive',
    title: 'a client that honours Connection: close loses nothing',
    why: 'If the server closes a connection between two requests, the next request is lost. The server must announce the close to every client that sends a request during the drain.',
    timing: `${OCCASIONAL_CLIENTS} connections are each used every ${OCCASIONAL_MS} ms before and after SIGTERM, until the server announces the end of each one.`,
    cause: 'keep-alive-race',
    link: 'https://github.com/nodejs/node/issues/47130',
    run: keepAliveRace,
  },
];

async function keepsConnections(context: CaseContext): Promise<Verdict> {
  required(context.survey.keepAlive);
  const server = await context.serve();
  const connection = context.connect(server);
  const { upload } = context.survey;
  const requests = [
    { name: 'GET /', text: get('/') },
    ...(upload instanceof Unusable ? [] : [{ name: `POST ${upload}`, text: post(upload, 1000) }]),
    { name: 'a GET / after it', text: get('/') },
  ];
  for (const { name, text } of requests) {
    const reply = await context.answered(connection.ask(text), name);
    if (!reply.keepAlive) return fail('a response without Connection: close', `${name} was answered with it`);
  }
  return pass;
}

async function idleConnections(context: CaseContext): Promise<Verdict> {
  context.needsExit();
  const server = await context.serve();
  await context.keepAliveConnection(server);
  const { upload } = context.survey;
  const posted = await context.keepAliveConnection(server);
  await context.answered(posted.ask(post(upload instanceof Unusable ? '/' : upload, 1000)), 'a POST');
  await delay(READ_MS);
  server.terminate();
  return promptExit(server, 'its connections were idle');
}

async function announcesClose(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  const connection = await context.keepAliveConnection(server);
  server.terminate();
  const expected = 'a response with Connection: close before the connection ends';
  for (let count = 0; ; count++) {
    const reply = await connection.ask(get('/'));
    if (!reply.complete) return fail(expected, `${responses(count)} without it, then: ${describeReply(reply)}`);
    if (!reply.keepAlive) return pass;
    const late = server.sinceSignal(performance.now()) > ANNOUNCED_WITHIN_MS;
    if (late) return fail(expected, `${responses(count)} within ${seconds(ANNOUNCED_WITHIN_MS)}, none of them with it`);
    await context.pause(20);
  }
}

function responses(count: number): string {
  return count === 1 ? '1 response' : `${count} responses`;
}

async function busyConnections(context: CaseContext): Promise<Verdict> {
  context.needsExit();
  const server = await context.serve();
  const connections = await Promise.all(
    Array.from({ length: BUSY_CLIENTS }, () => context.keepAliveConnection(server)),
  );
  const { slow } = context.survey;
  const adjustable = !(slow instanceof Unusable) && slow.fixedMs === undefined;
  const request = get(adjustable ? slowPathFor(slow.path, BUSY_MS) : '/');
  const clients = connections.map(async (connection) => {
    while ((await connection.ask(request)).complete);
  });
  await delay(READ_MS);
  server.terminate();
  const exit = await server.exited;
  await Promise.all(clients);
  return exit.killed ? fail(`it ends within ${seconds(context.graceMs)}`, STILL_RUNNING) : pass;
}

async function keepAliveRace(context: CaseContext): Promise<Verdict> {
  context.needsExit();
  const server = await context.serve();
  const connections = await Promise.all(
    Array.from({ length: OCCASIONAL_CLIENTS }, () => context.keepAliveConnection(server)),
  );
  const ends = connections.map((connection, nth) =>
    occasionalClient(connection, (nth * OCCASIONAL_MS) / connections.length),
  );
  await delay(READ_MS);
  server.terminate();
  const outcomes = await Promise.all(ends);
  const announced = outcomes.filter((outcome) => outcome === 'announced').length;
  if (server.exit?.killed) return notApplicable('it keeps serving them until it is killed (cases 1 and 21)');
  if (announced === outcomes.length) return pass;
  return fail(
    `all ${outcomes.length} connections in use end with an announcement`,
    `${outcomes.length - announced} were closed without one`,
  );
}

/** A client that sends a request now and then until the server sends Connection: close or ends the connection. */
async function occasionalClient(connection: ProbeConnection, firstMs: number): Promise<'announced' | 'cut'> {
  for (let waitMs = firstMs; ; waitMs = OCCASIONAL_MS) {
    await orAfter(waitMs, connection.ended);
    const reply = await connection.ask(get('/'));
    if (!reply.complete) return 'cut';
    if (!reply.keepAlive) return 'announced';
  }
}
