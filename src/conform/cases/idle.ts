/** For how long the server keeps an idle connection, compared with the gateways that may be in front of it. */
import { keepsText, racingGateways } from '../../idle-limits/races.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { endOf, type ServerUnderTest } from '../server-under-test.ts';
import { orAfter } from '../timing.ts';
import { fail, passSeeing, type Verdict, warning } from '../verdict.ts';
import { msOrSeconds, seconds } from './endings.ts';

/** How often the wait looks whether it is over, in ms. */
const STEP_MS = 500;

/** How much earlier than announced a close may be seen, in ms: the server counts from when it sent the response. */
const EARLY_MS = 200;

export const IDLE_CASES: readonly ConformanceCase[] = [
  {
    number: 34,
    id: 'idle-limit',
    family: 'keep-alive',
    title: 'keeps idle connections open for the next request',
    why: 'A gateway keeps connections to the server and sends the next request on one of them. If the server closes an idle connection sooner than the gateway does, a request is sometimes sent just as it closes, and is lost without any rollout.',
    timing:
      'No signal is sent. One connection is idle after a GET, until the server closes it or until the limit of --idle-limit (30 s). The case fails if the server closes it sooner than its Keep-Alive header announces. It is a warning if the server closes it.',
    cause: 'keep-alive-race',
    link: 'https://github.com/nodejs/node/issues/59193',
    runsBeside: true,
    run: idleLimit,
  },
];

async function idleLimit(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  const { connection, reply } = await context.idleConnection(server);
  const sinceMs = performance.now();
  const announced = announcedSeconds(reply.headers.get('keep-alive'));
  const said = announced === undefined ? undefined : `Keep-Alive: timeout=${announced}`;
  while (!connection.ending && performance.now() - sinceMs < context.idleLimitMs) {
    const dueMs = performance.now() + STEP_MS;
    await orAfter(STEP_MS, connection.ended);
    // Only a stall at the end makes the figure wrong.
    if (connection.ending) context.noteLateness(performance.now() - dueMs);
  }
  const { ending } = connection;
  if (!ending) {
    const announces = said === undefined ? 'it announces no limit' : `it announces ${said}`;
    return passSeeing(`open after ${seconds(context.idleLimitMs)} without a request; ${announces}`);
  }
  const idleMs = ending.atMs - sinceMs;
  const ended = await endedItself(server);
  if (ended) return fail('it keeps running without a signal', ended);
  const closed = `${ending.how} ${msOrSeconds(idleMs)} after its last response`;
  if (announced !== undefined && idleMs < announced * 1000 - EARLY_MS) {
    return fail(`open for ${announced} s, as it announces (${said})`, closed);
  }
  const seen = `${closed}; ${said ? `it announces ${said}` : 'it does not announce that (no Keep-Alive: timeout=N)'}`;
  return warning(seen, adviceFor(idleMs));
}

/** The `timeout` of a Keep-Alive header, in s. */
function announcedSeconds(header: string | undefined): number | undefined {
  const found = /(?:^|[,\s])timeout\s*=\s*"?(\d+)/i.exec(header ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

/** How the server ended, if the connection closed because of that. */
async function endedItself(server: ServerUnderTest): Promise<string | undefined> {
  const exit = await orAfter(STEP_MS, server.exited);
  return exit && `it ${endOf(exit)}`;
}

function adviceFor(idleMs: number): string {
  const names = racingGateways(idleMs).map(({ name, keepsMs }) => `${name} (${keepsText(keepsMs)})`);
  return `it loses requests without a rollout behind a gateway that keeps the connection longer, by default ${names.join(', ')}; set its limit above that of your gateway: k8s-rollout-test explain idle-timeout`;
}
