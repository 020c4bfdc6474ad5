/** That what runs the server (a shell, a package manager, an init) lets it end. */
import { setTimeout as delay } from 'node:timers/promises';
import { processesOf } from '../../processes/process-list.ts';
import { processName, wrapperNames } from '../../processes/process-names.ts';
import type { CaseContext } from '../context.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { DRAINING_MS, PROMPT_MS } from '../timing.ts';
import { fail, notApplicable, pass, type Verdict } from '../verdict.ts';
import { STILL_RUNNING, seconds } from './endings.ts';

const LOOK_MS = 10;

export async function throughTheWrapper(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  if (!server.pid1) return notApplicable('processes cannot be told apart on this system');
  const roles = server.roles();
  if (!roles) return notApplicable('the process that listens was not found');
  const wrapper = wrapperNames(roles);
  if (wrapper === undefined) return notApplicable('the first process is the server itself');
  const work = await context.workInFlight(server);
  server.terminate();
  await server.afterSignal(DRAINING_MS);
  work.finish();
  const [reply, exit] = await Promise.all([work.reply, server.exited]);
  const expected = `${wrapper} passes ${context.stopSignal} on, and ends after the server`;
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
    if (found) return `${found} after ${context.stopSignal}`;
  }
  return undefined;
}

/** @param running how many processes are let run, from the first down */
async function endsWithout(server: ServerUnderTest, running: number, limitMs: number): Promise<string | undefined> {
  const roles = server.roles();
  const { firstPid } = server;
  const last = roles?.wrappers[running - 1];
  if (!roles || !last) return undefined;
  const let_ = roles.wrappers.slice(0, running).map(({ pid }) => pid);
  server.pause(let_);
  const frozen = roles.wrappers[running] ?? roles.server;
  server.terminate();
  for (let afterMs = 0; afterMs < limitMs; afterMs = server.sinceSignal(performance.now())) {
    if (server.exit) {
      const { names, others } = { names: processName(last), others: running > 1 ? ', and PID 1 with it' : '' };
      const after = seconds(server.sinceSignal(server.exit.atMs));
      return `${names} ended${others} while ${processName(roles.server)} was still running, ${after}`;
    }
    const alive = processesOf(firstPid);
    // What is stopped ends of SIGKILL alone.
    const gone = alive.length > 0 && !alive.some(({ pid, state }) => pid === frozen.pid && state !== 'Z');
    if (gone) return `${processName(last)} killed ${processName(frozen)} (SIGKILL) ${seconds(afterMs)}`;
    await delay(LOOK_MS);
  }
  return undefined;
}
