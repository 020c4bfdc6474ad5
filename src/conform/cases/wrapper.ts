/** That what runs the server (a shell, a package manager, an init) lets it end. */

import { processesOf } from '../../processes/process-list.ts';
import { processName, wrapperNames } from '../../processes/process-names.ts';
import { delay } from '../../timers.ts';
import type { CaseContext } from '../context.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { DRAINING_MS, PROMPT_MS } from '../timing.ts';
import { fail, notApplicable, pass, type Verdict } from '../verdict.ts';
import { msOrSeconds, STILL_RUNNING } from './endings.ts';

const LOOK_MS = 25;

export async function throughTheWrapper(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  if (!server.pid1) return notApplicable('processes cannot be told apart on this system');
  const roles = server.roles();
  if (!roles) return notApplicable('the process that listens cannot be seen, as one of another user');
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
 * What ended before the server did, in words; undefined when nothing did. The server is kept from running (SIGSTOP), and
 * with it as many of its wrappers as need be: what ends all the same has not waited for it.
 */
async function endedBefore(context: CaseContext, wrappers: number, limitMs: number): Promise<string | undefined> {
  for (let running = 1; running <= wrappers; running++) {
    const server = await context.serve();
    const found = await endsWithout(server, running, Math.min(limitMs, context.graceMs - LOOK_MS));
    await server.stop();
    if (found) return `${found.what} ${msOrSeconds(found.afterMs)} after ${context.stopSignal}${found.with}`;
  }
  return undefined;
}

/** @param running how many processes are let run, from the first down */
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
    // What is stopped ends of SIGKILL alone. The second look is for an end of PID 1 between two readings of the first.
    if (killedAlone(firstPid, stopped.pid) && killedAlone(firstPid, stopped.pid)) {
      return { what: `${processName(last)} sent SIGKILL to ${processName(stopped)}`, afterMs, with: '' };
    }
    await delay(LOOK_MS);
  }
  return undefined;
}

/** Whether the process has ended, and PID 1 has not: one that is ending has no arguments any more. */
function killedAlone(firstPid: number | undefined, killed: number): boolean {
  const processes = processesOf(firstPid);
  const first = processes.find(({ pid }) => pid === firstPid);
  const ended = !processes.some(({ pid, state }) => pid === killed && state !== 'Z');
  return first !== undefined && first.args.length > 0 && ended;
}
