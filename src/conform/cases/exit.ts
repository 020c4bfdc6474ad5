/** Whether the process ends, when, and with which exit code. */

import { processesOf } from '../../processes/process-list.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { ask } from '../http-probe.ts';
import { get } from '../requests.ts';
import { type Exit, endOf } from '../server-under-test.ts';
import { DRAINING_MS, PROMPT_MS } from '../timing.ts';
import { fail, notApplicable, pass, type Verdict } from '../verdict.ts';
import { outcomeOf, promptExit, STILL_RUNNING, seconds } from './endings.ts';
import { throughTheWrapper } from './wrapper.ts';

export const EXIT_CASES: readonly ConformanceCase[] = [
  {
    number: 1,
    id: 'exits-on-sigterm',
    family: 'exit',
    title: 'exits on SIGTERM, as PID 1 too',
    why: 'A container that does not end on SIGTERM uses up its grace period, and SIGKILL cuts its last requests. PID 1 ignores every signal that it has no handler for. A timer or a stream that is never ended also keeps a process running.',
    timing:
      'SIGTERM is sent to an idle process, and to one that has finished requests of every kind: event streams and WebSockets whose clients have left, uploads, slow requests. The process has the grace period to exit.',
    cause: 'no-graceful-shutdown',
    link: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination',
    run: exitsOnSignal,
  },
  {
    number: 2,
    id: 'exit-code-zero',
    family: 'exit',
    title: 'exits with code 0 when nothing was lost',
    why: 'Any other code marks the pod as failed: a Job runs again, and alerts fire at every rollout.',
    timing: 'SIGTERM is sent when the process is idle. It has the grace period to exit.',
    async run(context) {
      context.needsExit();
      const exit = await exitWhenIdle(context);
      return exit.code === 0 ? pass : fail('exit code 0', exit.killed ? STILL_RUNNING : `it ${endOf(exit)}`);
    },
  },
  {
    number: 3,
    id: 'prompt-when-idle',
    family: 'exit',
    title: 'exits promptly when idle',
    why: 'Every second between the last request and the exit makes each rollout longer, once for each pod.',
    timing: `SIGTERM is sent when the process is idle. It exits within ${PROMPT_MS / 1000} s after its port closes.`,
    async run(context) {
      context.needsExit();
      const server = await context.serve();
      server.terminate();
      return promptExit(server, 'it was idle');
    },
  },
  {
    number: 4,
    id: 'sigint-too',
    family: 'exit',
    title: 'handles SIGINT like SIGTERM',
    why: 'Ctrl-C, docker compose and some process managers send SIGINT. A separate handler for it is often the one that cuts requests.',
    timing: 'Two processes run side by side, each with a request in flight. One gets SIGTERM, the other SIGINT.',
    link: 'https://github.com/honojs/website/pull/660',
    async run(context) {
      const { stopSignal } = context;
      if (stopSignal === 'SIGINT') return notApplicable('SIGINT is the stop signal');
      context.needsExit();
      const [stop, int] = await context.sideBySide(
        () => outcomeOf(context, stopSignal),
        () => outcomeOf(context, 'SIGINT'),
      );
      return stop === int ? pass : fail(`as on ${stopSignal}: ${stop}`, int);
    },
  },
  {
    number: 5,
    id: 'second-sigterm',
    family: 'exit',
    title: 'is not disturbed by a second SIGTERM',
    why: 'Wrappers and process managers repeat signals. If a handler is registered for one signal only, the second signal gets the default action and kills the process.',
    timing: `With a request in flight, SIGTERM is sent, and again at T + ${DRAINING_MS} ms.`,
    async run(context) {
      context.needsExit();
      const server = await context.serve();
      const work = await context.workInFlight(server);
      server.terminate();
      await server.afterSignal(DRAINING_MS);
      if (server.exit) return notApplicable('it had ended before a second signal could come');
      server.signalAgain();
      work.finish();
      const [reply, exit] = await Promise.all([work.reply, server.exited]);
      if (!reply.complete) return fail(`${work.name} completes`, `${reply.what}; the process ${endOf(exit)}`);
      return exit.code === 0 ? pass : fail('exit code 0', exit.killed ? STILL_RUNNING : `it ${endOf(exit)}`);
    },
  },
  {
    number: 6,
    id: 'signal-as-the-port-opens',
    family: 'exit',
    title: 'handles a SIGTERM that comes as soon as the port is open',
    why: 'A rollout may stop a pod that has just started. If the handler is installed after the listener, PID 1 ignores the signal and runs until SIGKILL.',
    timing:
      'SIGTERM is sent 50 ms after the port was seen open, before any request. The process has the grace period to exit.',
    async run(context) {
      context.needsExit();
      const server = await context.start();
      context.noteLateness(await server.listens());
      await context.pause(50);
      server.terminate();
      const exit = await server.exited;
      if (!exit.killed && !CRASHES.includes(exit.signal ?? '')) return pass;
      const seen = exit.killed ? STILL_RUNNING : `it ${endOf(exit)}`;
      return fail(`it ends within ${seconds(context.graceMs)}`, seen);
    },
  },
  {
    number: 7,
    id: 'through-the-wrapper',
    family: 'exit',
    title: 'its wrapper forwards SIGTERM and waits',
    why: 'A shell, an init or a package manager as PID 1 gets the signal instead of the server. Some do not forward it, and some end before the server does. When PID 1 ends, the kernel kills every other process of the container.',
    timing:
      'With a request in flight, SIGTERM is sent to the first process. The response completes, and the container exits within the grace period.',
    cause: 'no-graceful-shutdown',
    run: throughTheWrapper,
  },
  {
    number: 8,
    id: 'no-zombies',
    family: 'exit',
    title: 'leaves no zombie processes',
    why: 'PID 1 inherits every orphan. If it does not reap them, they fill the process table of the container, and no more processes can start.',
    timing:
      'The processes are checked every 100 ms from the first request until the exit, and for 2.5 s before SIGTERM. No process is a zombie for 1 s.',
    run: noZombies,
  },
];

/** Without a SIGTERM handler, Deno crashes with the first of these or ignores the signal, depending on its age. */
const CRASHES = ['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL'];

async function exitWhenIdle(context: CaseContext): Promise<Exit> {
  const server = await context.serve();
  server.terminate();
  return server.exited;
}

async function exitsOnSignal(context: CaseContext): Promise<Verdict> {
  const { exits, heldOpenBy } = context.survey;
  const expected = `it ends within ${seconds(context.graceMs)}`;
  // The survey observed another process, and what it observed determines which cases are judged.
  if (!exits || (await exitWhenIdle(context)).killed) return fail(expected, STILL_RUNNING + context.behindWrapper());
  if (heldOpenBy.length === 0) return pass;
  return fail(expected, `it does when idle; after ${heldOpenBy.join(', and after ')}: ${STILL_RUNNING}`);
}

const ZOMBIE_MS = 1000;
const POLL_MS = 100;

async function noZombies(context: CaseContext): Promise<Verdict> {
  const server = await context.serve();
  if (!server.pid1) return notApplicable('processes cannot be distinguished on this system');
  for (let nth = 0; nth < 10; nth++) await context.answered(ask(server.address, get('/')), 'GET /');
  const zombies = new Map<number, { name: string; sinceMs: number }>();
  const signalMs = performance.now() + 2500;
  while (!server.exit) {
    if (performance.now() > signalMs && Number.isNaN(server.sinceSignal(0))) server.terminate();
    const nowMs = performance.now();
    const found = processesOf(server.firstPid).filter(({ state }) => state === 'Z');
    for (const { pid, comm } of found) if (!zombies.has(pid)) zombies.set(pid, { name: comm, sinceMs: nowMs });
    for (const pid of zombies.keys()) if (!found.some((zombie) => zombie.pid === pid)) zombies.delete(pid);
    const old = [...zombies.values()].find(({ sinceMs }) => nowMs - sinceMs >= ZOMBIE_MS);
    if (old) return fail('children that have ended are reaped', `${old.name} was a zombie for ${seconds(ZOMBIE_MS)}`);
    await context.pause(POLL_MS);
  }
  return pass;
}
