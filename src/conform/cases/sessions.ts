/** The server ends sessions that would not end on their own. */
import { once } from 'node:events';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { describeReply } from '../http-probe.ts';
import { get } from '../requests.ts';
import { ANSWER_MS, orAfter, PROMPT_MS } from '../timing.ts';
import { fail, pass, required, type Verdict } from '../verdict.ts';
import { STILL_RUNNING, seconds } from './endings.ts';

/** RFC 6455, section 7.4.1, "going away", and "service restart" of the IANA registry, which is more specific. */
const LEAVING = [1001, 1012];

export const SESSION_CASES: readonly ConformanceCase[] = [
  {
    number: 26,
    id: 'web-socket-1001',
    family: 'sessions',
    title: 'WebSockets are closed with 1001',
    why: 'A close frame that says "going away" lets clients reconnect at once. A cut makes them wait for a timeout, or report an error.',
    timing:
      'One WebSocket is open, and its client answers the close frame. The server has the grace period to close it.',
    link: 'https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1',
    async run(context) {
      const server = await context.serve();
      const socket = await context.webSocket(server);
      const closed = once(socket, 'close');
      server.terminate();
      const [code] = await closed;
      const seen = server.exit?.killed ? `${code}: ${STILL_RUNNING}` : `${code}`;
      return LEAVING.includes(code) ? pass : fail('close code 1001 or 1012', seen);
    },
  },
  {
    number: 27,
    id: 'exits-after-web-sockets',
    family: 'sessions',
    title: 'a WebSocket does not delay the exit',
    why: 'WebSockets last for hours. A graceful stop that waits for their clients to leave ends in SIGKILL, or hangs even after they have left.',
    timing: `One WebSocket is open, and its client answers the close frame. The process exits within ${PROMPT_MS / 1000} s after the WebSocket and the port have closed.`,
    link: 'https://github.com/oven-sh/bun/issues/36223',
    run: exitsAfterWebSockets,
  },
  {
    number: 28,
    id: 'web-socket-without-answer',
    family: 'sessions',
    title: 'a WebSocket whose client does not answer does not keep the process alive',
    why: 'A client that sleeps or has lost its network never answers the close frame. The server must not wait for it.',
    timing:
      'One WebSocket is open, and its client no longer reads anything. The process exits within the grace period.',
    link: 'https://github.com/denoland/deno/issues/25792',
    async run(context) {
      context.needsExit();
      const server = await context.serve();
      const socket = await context.webSocket(server);
      socket.pause();
      server.terminate();
      const exit = await server.exited;
      return exit.killed ? fail(`it ends within ${seconds(context.graceMs)}`, STILL_RUNNING) : pass;
    },
  },
  {
    number: 29,
    id: 'event-stream-ends',
    family: 'sessions',
    title: 'event streams end cleanly',
    why: 'An event stream does not end by itself. If the server does not end it, it delays the exit until SIGKILL, and its client sees an error instead of an end.',
    timing: 'SIGTERM is sent after the first event. The server has the grace period to end the stream.',
    async run(context) {
      const path = required(context.survey.events);
      const server = await context.serve();
      const connection = context.connect(server);
      const answer = connection.ask(get(path, 'Accept: text/event-stream'));
      await orAfter(ANSWER_MS, connection.bodyBegun());
      server.terminate();
      const reply = await answer;
      if (reply.complete) return pass;
      return fail(`GET ${path} ends with its last chunk`, server.exit?.killed ? STILL_RUNNING : describeReply(reply));
    },
  },
];

async function exitsAfterWebSockets(context: CaseContext): Promise<Verdict> {
  context.needsExit();
  const server = await context.serve();
  const socket = await context.webSocket(server);
  const closed = once(socket, 'close').then(() => performance.now());
  server.terminate();
  const [exit, socketMs, portMs] = await Promise.all([server.exited, closed, server.listenerClosed]);
  const expected = `it ends within ${seconds(PROMPT_MS)} of the closing of the WebSocket and of its port`;
  if (exit.killed) return fail(expected, STILL_RUNNING);
  const tookMs = exit.atMs - Math.max(socketMs, portMs);
  return tookMs <= PROMPT_MS ? pass : fail(expected, `it took ${seconds(tookMs)}`);
}
