/** The server announces its end, and closes the port at the right time. */
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { ask, describeReply, type Reply, served } from '../http-probe.ts';
import { get } from '../requests.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { DRAINING_MS, orAfter, PROMPT_MS } from '../timing.ts';
import { fail, notApplicable, pass, required, Unusable, type Verdict } from '../verdict.ts';
import { seconds } from './endings.ts';

const NEW_CONNECTION_EVERY_MS = 100;
const READINESS_EVERY_MS = 50;
/** How long after the end of a process its parent may learn of it, on a busy machine. */
const EXIT_HEARD_MS = 200;

export const DRAIN_CASES: readonly ConformanceCase[] = [
  {
    number: 23,
    id: 'new-connections',
    family: 'drain',
    title: 'new connections are served until the routers know',
    why: 'The removal of the endpoint starts at the same time as SIGTERM. Until every router knows of it, new connections arrive, and a closed port refuses them.',
    timing: `A new connection with a request is made every ${NEW_CONNECTION_EVERY_MS} ms from SIGTERM to T + ${DRAINING_MS} ms.`,
    cause: 'routing-lag',
    link: 'https://github.com/kubernetes/kubernetes/issues/106476',
    run: newConnections,
  },
  {
    number: 24,
    id: 'readiness-first',
    family: 'drain',
    title: 'readiness fails before the port closes',
    why: 'Load balancers that probe the pod themselves stop sending when readiness fails. If a refused connection is their first sign, they have already lost a request.',
    timing: `Readiness is probed every ${READINESS_EVERY_MS} ms, on new connections, from SIGTERM until it fails, for up to ${PROMPT_MS / 1000} s.`,
    cause: 'routing-lag',
    run: readinessFirst,
  },
  {
    number: 25,
    id: 'port-closed-before-the-end',
    family: 'drain',
    title: 'the port closes before the last response, not at the exit',
    why: 'A port that stays open to the last moment accepts requests, and the exit cuts them.',
    timing: 'A request is in flight that takes 1.5 s longer than an idle drain. The port closes before its response.',
    cause: 'no-graceful-shutdown',
    run: portClosedFirst,
  },
];

async function newConnections(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  server.terminate();
  const replies: { afterMs: number; reply: Promise<Reply> }[] = [];
  for (let afterMs = 0; afterMs <= DRAINING_MS; afterMs += NEW_CONNECTION_EVERY_MS) {
    await server.afterSignal(afterMs);
    replies.push({ afterMs, reply: ask(server.address, get('/')) });
  }
  for (const { afterMs, reply } of replies) {
    const got = await reply;
    if (!served(got))
      return fail('every request on a new connection is answered', `at T + ${afterMs} ms: ${describeReply(got)}`);
  }
  return pass;
}

async function readinessFirst(context: CaseContext): Promise<Verdict> {
  const path = required(context.survey.ready);
  const server = await context.serve();
  server.terminate();
  const expected = `${path} answers 400 or above while the port is open`;
  for (;;) {
    const reply = await ask(server.address, get(path));
    const afterMs = server.sinceSignal(performance.now());
    if (!reply.complete)
      return fail(expected, `${describeReply(reply)} at T + ${Math.round(afterMs)} ms, and 200 until then`);
    if (reply.status >= 400) return pass;
    if (afterMs > PROMPT_MS) return fail(expected, `status ${reply.status} at T + ${seconds(afterMs)}`);
    await context.pause(READINESS_EVERY_MS);
  }
}

async function portClosedFirst(context: CaseContext): Promise<Verdict> {
  context.needsExit();
  const { slow } = context.survey;
  const drainMs = context.drainMs();
  if (!(slow instanceof Unusable) && slow.fixedMs !== undefined && slow.fixedMs < drainMs + DRAINING_MS) {
    return notApplicable(`it drains for ${seconds(drainMs)}, and --slow-path ${slow.path} is over before that`);
  }
  const server = await context.serve();
  const work = await context.workInFlight(server);
  server.terminate();
  const closed = server.listenerClosed.then(() => (server.exit ? 'by the exit' : 'in time'));
  const answered = work.reply.then(() => 'after the response');
  // An upload waits until its client finishes it, which happens below.
  const first = (await orAfter(drainMs + PROMPT_MS, Promise.race([closed, answered]))) ?? 'not at all';
  work.finish();
  const reply = await work.reply;
  // An upload was finished only after the port had closed, so its reply shows that the process outlived its port.
  const outlived = reply.complete && slow instanceof Unusable;
  const byExit = first === 'in time' && !outlived && (await closedByExit(server));
  if (!reply.complete && (first !== 'in time' || byExit)) {
    return notApplicable('the request in flight was cut (case 9)');
  }
  if (first === 'in time' && !byExit) return pass;
  // The response and the exit come together; on a busy machine the closed port may be seen before the response is read.
  const when = byExit ? 'after the response' : first;
  return fail('the port is closed while a request is in flight', `it was closed ${when}`);
}

/** Whether the exit closed the port. The kernel closes it slightly before the parent learns of the exit. */
async function closedByExit({ listenerClosed, exited }: ServerUnderTest): Promise<boolean> {
  const exit = await orAfter(EXIT_HEARD_MS, exited);
  return exit !== undefined && exit.atMs - (await listenerClosed) < EXIT_HEARD_MS;
}
