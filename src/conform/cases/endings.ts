/** How a process ended, as several cases judge it. */
import type { CaseContext, Work } from '../context.ts';
import { describeReply, type Reply } from '../http-probe.ts';
import { endOf, type ServerUnderTest } from '../server-under-test.ts';
import { DRAINING_MS, PROMPT_MS } from '../timing.ts';
import { fail, pass, Unusable, type Verdict } from '../verdict.ts';

export const STILL_RUNNING = 'still running at the end of the grace period, and killed';

export function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

/** For example "34 ms" or "1.2 s". */
export function msOrSeconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : seconds(ms);
}

/** Judges how soon the process exited after its port was closed. */
export async function promptExit(server: ServerUnderTest, though: string): Promise<Verdict> {
  const [exit, closedMs] = await Promise.all([server.exited, server.listenerClosed]);
  const expected = `it ends within ${seconds(PROMPT_MS)} of closing its port`;
  if (exit.killed) return fail(expected, `${STILL_RUNNING}, though ${though}`);
  const tookMs = exit.atMs - closedMs;
  return tookMs <= PROMPT_MS ? pass : fail(expected, `it took ${seconds(tookMs)}, though ${though}`);
}

/** The kernel closes a process's connections slightly before the parent learns of its end. */
const KERNEL_MS = 300;

/** Whether an incomplete reply broke because of SIGKILL, and not clearly before it. */
export async function brokenBySigkill(server: ServerUnderTest, { connection }: Work): Promise<boolean> {
  const [exit, { atMs }] = await Promise.all([server.exited, connection.ended]);
  return exit.killed && exit.atMs - atMs < KERNEL_MS;
}

/** For example "connection reset without a response at T + 3 ms", or that SIGKILL caused it. */
export async function howItBroke(server: ServerUnderTest, work: Work, reply: Reply): Promise<string> {
  if (reply.complete) return describeReply(reply);
  if (await brokenBySigkill(server, work)) return `${describeReply(reply)} by SIGKILL, at the end of the grace period`;
  return `${describeReply(reply)} at T + ${msOrSeconds(server.sinceSignal((await work.connection.ended).atMs))}`;
}

/**
 * The outcome of a request in flight and of the process, as text that can be compared.
 * @param prepare prepares a disturbance that happens shortly after the signal, while the request is still in flight
 */
export async function outcomeOf(
  context: CaseContext,
  signal: NodeJS.Signals,
  prepare: (server: ServerUnderTest) => Promise<() => void> = async () => () => {},
): Promise<string> {
  const server = await context.serve();
  const { slow, upload } = context.survey;
  const idle = slow instanceof Unusable && upload instanceof Unusable;
  const disturb = await prepare(server);
  const work = idle ? undefined : await context.workInFlight(server);
  server.terminate(signal);
  await server.afterSignal(DRAINING_MS);
  disturb();
  work?.finish();
  const [reply, exit] = await Promise.all([work?.reply, server.exited]);
  const request = reply === undefined ? '' : `the request in flight ${reply.complete ? 'completes' : 'is cut'}, `;
  if (exit.killed) return request + STILL_RUNNING;
  // Dying of one signal or of another by default is the same outcome.
  return request + (exit.signal === signal ? 'the process dies of the signal' : `the process ${endOf(exit)}`);
}
