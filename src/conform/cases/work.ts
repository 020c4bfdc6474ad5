/** Requests in flight at SIGTERM complete. */
import { delay } from '../../timers.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { describeReply, served } from '../http-probe.ts';
import { get } from '../requests.ts';
import { ANSWER_MS, DRAINING_MS, orAfter, READ_MS } from '../timing.ts';
import { fail, notApplicable, pass, required, type Verdict } from '../verdict.ts';
import { howItBroke, STILL_RUNNING } from './endings.ts';

/** Longer than 10 s, after which some servers treat a silent connection as dead. */
const SILENT_MS = 12_000;
const LEFT_AT_SIGTERM_MS = 2000;

export const WORK_CASES: readonly ConformanceCase[] = [
  {
    number: 9,
    id: 'in-flight-completes',
    family: 'work',
    title: 'a request in flight completes',
    why: 'A server that exits or closes its connections on SIGTERM cuts every request that it has accepted. Some servers do so and exit with code 0.',
    timing: `The request is sent ${READ_MS} ms before SIGTERM. Its response takes 1.5 s longer than an idle drain, and at least 2 s.`,
    cause: 'no-graceful-shutdown',
    link: 'https://github.com/denoland/deno/pull/32862',
    async run(context) {
      const server = await context.serve();
      const work = await context.workInFlight(server);
      server.terminate();
      await server.afterSignal(DRAINING_MS);
      work.finish();
      const reply = await work.reply;
      if (served(reply)) return pass;
      return fail(`${work.name} is answered`, (await howItBroke(server, work, reply)) + context.behindWrapper());
    },
  },
  {
    number: 10,
    id: 'silent-request-completes',
    family: 'work',
    title: 'a request that is silent for over 10 s completes',
    why: "Bun's default idleTimeout of 10 s closes a connection whose handler has not answered yet, whether or not the server drains.",
    timing: `The response takes ${SILENT_MS / 1000} s. SIGTERM is sent ${LEFT_AT_SIGTERM_MS / 1000} s before it is due.`,
    link: 'https://bun.sh/docs/api/http#idletimeout',
    async run(context) {
      const slow = required(context.survey.slow);
      if (slow.fixedMs !== undefined && slow.fixedMs < SILENT_MS - 1000) {
        return notApplicable(
          `--slow-path ${slow.path} takes ${(slow.fixedMs / 1000).toFixed(1)} s, and 11 s are needed`,
        );
      }
      const server = await context.serve();
      const work = await context.slowRequest(server, SILENT_MS);
      await orAfter((slow.fixedMs ?? SILENT_MS) - LEFT_AT_SIGTERM_MS - READ_MS, work.reply);
      server.terminate();
      const reply = await work.reply;
      return served(reply) ? pass : fail(`${work.name} is answered`, describeReply(reply));
    },
  },
  {
    number: 11,
    id: 'upload-completes',
    family: 'work',
    title: 'a slow upload completes during the drain',
    why: 'A client on a slow line is still sending when the server gets SIGTERM, and its data is lost with the connection.',
    timing: `Half of the body is sent before SIGTERM, the rest at T + ${DRAINING_MS} ms.`,
    cause: 'no-graceful-shutdown',
    async run(context) {
      const server = await context.serve();
      const work = await context.halfUpload(server);
      server.terminate();
      await server.afterSignal(DRAINING_MS);
      work.finish();
      const reply = await work.reply;
      return served(reply)
        ? pass
        : fail(`${work.name} before ${context.stopSignal}, is answered`, describeReply(reply));
    },
  },
  {
    number: 12,
    id: 'upload-outlasts-the-listener',
    family: 'work',
    title: 'a slow upload completes after the port has closed',
    why: 'Closing the listener must not affect requests that are still being received. Deno 2.9 makes their bodies unreadable.',
    timing: `Half of the body is sent before SIGTERM, the rest ${READ_MS} ms after the port was seen closed.`,
    cause: 'no-graceful-shutdown',
    link: 'https://github.com/denoland/deno/issues/36809',
    run: uploadOutlastsListener,
  },
  {
    number: 13,
    id: 'stream-completes',
    family: 'work',
    title: 'a streamed response completes, or ends cleanly',
    why: 'A streamed response without its last chunk is incomplete, and some clients do not notice.',
    timing: 'SIGTERM is sent after the first bytes of the body.',
    cause: 'no-graceful-shutdown',
    async run(context) {
      const path = required(context.survey.stream);
      const server = await context.serve();
      const connection = context.connect(server);
      const answer = connection.ask(get(path));
      await orAfter(ANSWER_MS, connection.bodyBegun());
      server.terminate();
      const reply = await answer;
      return reply.complete ? pass : fail(`GET ${path} ends with its last chunk`, describeReply(reply));
    },
  },
  {
    number: 14,
    id: 'pipelined-requests',
    family: 'work',
    title: 'pipelined requests are answered, or rejected with Connection: close',
    why: 'Requests that wait behind another one on the same connection were accepted too. Only Connection: close tells their client to send them again.',
    timing: `Two requests are sent directly after one that is in flight, ${READ_MS} ms before SIGTERM.`,
    cause: 'no-graceful-shutdown',
    link: 'https://www.rfc-editor.org/rfc/rfc9112#section-9.6',
    run: pipelined,
  },
];

async function uploadOutlastsListener(context: CaseContext): Promise<Verdict> {
  context.drainMs();
  const server = await context.serve();
  const work = await context.halfUpload(server);
  server.terminate();
  // A server may keep its port open until the upload is done, so wait for half of the grace period at most.
  const closed = await orAfter(context.graceMs / 2, server.listenerClosed);
  if (closed === undefined) return notApplicable('it does not close its port while an upload is going on');
  if (!server.exit) await delay(READ_MS);
  work.finish();
  const reply = await work.reply;
  if (served(reply)) return pass;
  const seen = server.exit?.killed ? STILL_RUNNING : describeReply(reply);
  return fail(`${work.name} before ${context.stopSignal}, is answered`, seen);
}

async function pipelined(context: CaseContext): Promise<Verdict> {
  required(context.survey.pipelining);
  const server = await context.serve();
  const work = await context.workInFlight(server);
  // Requests cannot be pipelined behind an incomplete body; then send them after its second half.
  const waiting = get('/').repeat(2);
  const behind = work.name.startsWith('GET');
  if (behind) work.connection.write(waiting);
  await delay(READ_MS);
  server.terminate();
  await server.afterSignal(DRAINING_MS);
  work.finish();
  if (!behind) work.connection.write(waiting);
  const [first, ...others] = await Promise.all([work.reply, work.connection.reply(), work.connection.reply()]);
  const answered = [first, ...others].filter((reply) => reply.complete);
  const announced = answered.some((reply) => !reply.keepAlive);
  if (answered.length === 3 || announced) return pass;
  return fail(
    'all 3 are answered, or the last answer says Connection: close',
    `${answered.length} of 3 answered, none with Connection: close`,
  );
}
