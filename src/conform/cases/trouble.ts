/** The process ends, and reports the problem, even if something keeps it from draining. */
import { delay } from '../../timers.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext, Work } from '../context.ts';
import { get, getInTwoParts } from '../requests.ts';
import { endOf, type ServerUnderTest } from '../server-under-test.ts';
import { ANSWER_MS, DRAINING_MS, orAfter, READ_MS } from '../timing.ts';
import { fail, notApplicable, pass, Unusable, type Verdict } from '../verdict.ts';
import { brokenBySigkill, howItBroke, outcomeOf, STILL_RUNNING, seconds } from './endings.ts';

/** Words with which a log line says that something was not finished. */
const MENTIONS_A_CUT =
  /\b(cut|abort(s|ed|ing)?|forc(e|ed|ing|ibly|eful|efully)|deadline|timed? ?out|unfinished|incomplete|dropp(ed|ing)|destroy(ed|ing)?|still (open|active|pending|running))\b/i;

export const TROUBLE_CASES: readonly ConformanceCase[] = [
  {
    number: 30,
    id: 'deadline-of-its-own',
    family: 'trouble',
    title: 'with a stuck request, it exits within the grace period with a non-zero code',
    why: 'If a server has no deadline of its own below the grace period, one stuck request leads to SIGKILL: nothing is flushed and nothing is logged.',
    timing: 'With a request in flight that never ends, SIGTERM is sent. The process exits within the grace period.',
    cause: 'grace-too-short',
    link: 'https://github.com/oven-sh/bun/issues/40043',
    async run(context) {
      const server = await context.serve();
      const work = await context.stuckWork(server);
      server.terminate();
      const [reply, exit] = await Promise.all([work.reply, server.exited]);
      const expected = `it ends on its own within ${seconds(context.graceMs)}, with a code other than 0`;
      if (exit.killed) return fail(expected, `${STILL_RUNNING}${await cutBefore(server, work)}`);
      // Answering it, for example with 503, is even better.
      if (reply.complete || exit.code !== 0) return pass;
      return fail(expected, `${work.name} was cut, and the process ${endOf(exit)}`);
    },
  },
  {
    number: 31,
    id: 'no-silent-cut',
    family: 'trouble',
    title: 'no request is cut silently',
    why: 'If a server cuts requests, logs nothing and exits with 0, it loses requests at every rollout and nobody notices.',
    timing:
      'With a request in flight that never ends, SIGTERM is sent. If the server cuts the request before SIGKILL does, its exit code is not 0, or a line of its output since SIGTERM mentions the cut.',
    cause: 'no-graceful-shutdown',
    link: 'https://github.com/denoland/deno/issues/30771',
    run: noSilentCut,
  },
  {
    number: 32,
    id: 'clients-that-abort',
    family: 'trouble',
    title: 'clients that abort during the drain do not affect other requests',
    why: 'Clients give up when a pod is slow. If the server does not handle the resulting error, the process ends, and every other request fails with it.',
    timing: `Two processes run side by side, each with a request in flight at SIGTERM. In one of them, other requests are reset at T + ${DRAINING_MS} ms.`,
    cause: 'no-graceful-shutdown',
    async run(context) {
      context.needsExit();
      const [calm, disturbed] = await context.sideBySide(
        () => outcomeOf(context, context.stopSignal),
        () => outcomeOf(context, context.stopSignal, (server) => abortingClients(context, server)),
      );
      return calm === disturbed ? pass : fail(`as without them: ${calm}`, disturbed);
    },
  },
  {
    number: 33,
    id: 'head-never-completed',
    family: 'trouble',
    title: 'a request head that is never completed does not keep the process alive',
    why: 'A client that is stuck in the middle of its request, or is malicious, must not decide when a pod ends.',
    timing: `Half of a request head is sent ${READ_MS} ms before SIGTERM, and nothing after that. The process exits within the grace period.`,
    async run(context) {
      context.needsExit();
      const server = await context.serve();
      const [begin] = getInTwoParts('/');
      context.connect(server).write(begin);
      await delay(READ_MS);
      server.terminate();
      const exit = await server.exited;
      return exit.killed ? fail(`it ends within ${seconds(context.graceMs)}`, STILL_RUNNING) : pass;
    },
  },
];

async function noSilentCut(context: CaseContext): Promise<Verdict> {
  const { slow, upload } = context.survey;
  // If the server cuts requests, one with a fixed duration shows that too.
  const ends = upload instanceof Unusable && !(slow instanceof Unusable) ? slow.fixedMs : undefined;
  const server = await context.serve();
  const work = ends === undefined ? await context.stuckWork(server) : await context.slowRequest(server, ends);
  server.terminate();
  const [reply, exit] = await Promise.all([work.reply, server.exited]);
  if (reply.complete) {
    return ends === undefined ? pass : notApplicable(`no request can be kept open, and ${work.name} completed`);
  }
  if (await brokenBySigkill(server, work)) {
    return notApplicable('the server did not cut it: SIGKILL did, at the end of the grace period (case 30)');
  }
  if (!exit.killed && exit.code !== 0) return pass;
  const output = await server.outputSinceSignal();
  if (output.some((line) => MENTIONS_A_CUT.test(line))) return pass;
  const printed = output.length === 0 ? 'nothing printed' : `and its output does not mention it: ${output.at(-1)}`;
  const end = exit.killed ? STILL_RUNNING : 'exit code 0';
  const cut = `${work.name}: ${await howItBroke(server, work, reply)}`;
  return fail('an exit code other than 0, or a line of output that mentions the cut', `${cut}; ${end}, ${printed}`);
}

/** Adds, for the message, that a server that cut its stuck request kept running anyway. */
async function cutBefore(server: ServerUnderTest, work: Work): Promise<string> {
  const reply = await work.reply;
  if (reply.complete || (await brokenBySigkill(server, work))) return '';
  return `, though it had cut ${work.name} (${await howItBroke(server, work, reply)})`;
}

/** Opens connections in all states, and returns a function that resets them. */
async function abortingClients(context: CaseContext, server: ServerUnderTest): Promise<() => void> {
  const { slow, upload, stream, events } = context.survey;
  const connections = [context.connect(server)];
  connections[0]?.write(getInTwoParts('/')[0]);
  if (!(upload instanceof Unusable)) connections.push((await context.halfUpload(server)).connection);
  if (!(slow instanceof Unusable)) connections.push((await context.workInFlight(server)).connection);
  for (const path of [stream, events]) {
    if (path instanceof Unusable) continue;
    const connection = context.connect(server);
    connection.write(get(path));
    await orAfter(ANSWER_MS, connection.bodyBegun());
    connections.push(connection);
  }
  const malformed = context.connect(server);
  await malformed.connected;
  return () => {
    malformed.write('NO HTTP\r\n\r\n');
    for (const connection of connections) connection.abort();
  };
}
