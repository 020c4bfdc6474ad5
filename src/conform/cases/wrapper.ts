/** The wrapper of the server (a shell, a package manager, an init) lets it end. */

import { processesOf } from '../../processes/process-list.ts';
import { processName, wrapperNames } from '../../processes/process-names.ts';
import { delay } from '../../timers.ts';
import type { CaseContext } from '../context.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { DRAINING_MS, PROMPT_MS } from '../timing.ts';
import { fail, notApplicable, pass, type Verdict } from '../verdict.ts';
import { msOrSeconds, STILL_RUNNING } from './endings.ts';

const POLL_MS = 25;

export async function throughTheWrapper(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  if (!server.pid1) return notApplicable('processes cannot be distinguished on this system');
  const roles = server.roles();
  if (!roles)
    return notApplicable('the listening process cannot be observed, for example because it belongs to another user');
  const wrapper = wrapperNames(roles);
  if (wrapper === undefined) return notApplicable('the first process is the server itself');
  const work = await context.workInFlight(server);
  server.terminate();
  await server.afterSignal(DRAINING_MS);
  work.finish();
  const [reply, exit] = await Promise.all([work.reply, server.exited]);
  const expected = `its wrapper (${wrapper}) passes ${context.stopSignal} on, and ends after the server`;
  if (exit.killed) return fail(expected, STILL_RUNNING);
  if (reply.complete) return pass;
  const tookMs = server.sinceSignal(exit.atMs);
  await server.stop();
  const first = await endedBefore(context, roles.wrappers.length, tookMs + PROMPT_MS);
  const serverName = processName(roles.server);
  if (!first) return notApplicable(`${serverName} itself cuts the request in flight (case 9)`);
  return fail(expected, `${first}; ${work.name} was cut`);
}

/**
 * Describes what ended before the server did; undefined if nothing did. The server is paused (SIGSTOP), together with
 * as many of its wrappers as necessary: what exits anyway did not wait for it.
 */
async function endedBefore(context: CaseContext, wrappers: number, limitMs: number): Promise<string | undefined> {
  for (let running = 1; running <= wrappers; running++) {
    const server = await context.serve();
    const found = await endsWithout(server, running, Math.min(limitMs, context.graceMs - POLL_MS));
    await server.stop();
    if (found) return `${found.what} ${msOrSeconds(found.afterMs)} after ${context.stopSignal}${found.with}`;
  }
  return undefined;
}

/** @param running how many processes keep running, counted from the first one down */
async function endsWithout(
  server: ServerUnderTest,
  running: number,
  limitMs: number,
): Promise<{ what: string; afterMs: number; with: string } | undefined> {
  const roles = server.roles();
  const last = roles?.wrappers[running - 1];
  if (!roles || !last) return undefined;
  const { firstPid } = server;
  const stopped = roles.wrappers[running] ?? roles.server;
  await server.pause(roles.wrappers.slice(0, running).map(({ pid }) => pid));
  server.terminate();
  for (let afterMs = 0; afterMs < limitMs; afterMs = server.sinceSignal(performance.now())) {
    if (server.exit) {
      const first = running === 1 ? '' : `, and ${processName(roles.wrappers[0] ?? last)} (PID 1) with it,`;
      const stillRunning = `${first} while ${processName(roles.server)} was still running`;
      return { what: `${processName(last)} ended`, afterMs: server.sinceSignal(server.exit.atMs), with: stillRunning };
    }
    // Only SIGKILL ends a paused process. Check twice, because PID 1 may end between two reads of the first check.
    if (killedAlone(firstPid, stopped.pid) && killedAlone(firstPid, stopped.pid)) {
      return { what: `${processName(last)} sent SIGKILL to ${processName(stopped)}`, afterMs, with: '' };
    }
    await delay(POLL_MS);
  }
  return undefined;
}

/** Whether the process has ended but PID 1 has not. A process that is exiting has no arguments any more. */
function killedAlone(firstPid: number | undefined, killed: number): boolean {
  const processes = processesOf(firstPid);
  const first = processes.find(({ pid }) => pid === firstPid);
  const ended = !processes.some(({ pid, state }) => pid === killed && state !== 'Z');
  return first !== undefined && first.args.length > 0 && ended;
}
