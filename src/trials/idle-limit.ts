/** For how long a pod keeps an idle keep-alive connection, watched on connections of this program to the pod itself. */
import type { Endpoint } from '../clusters/cluster.ts';
import { smallest } from '../extremes.ts';
import { Connection } from '../load/builtin/connection.ts';
import { requestTextOf } from '../load/builtin/request-text.ts';
import type { RequestScenario } from '../load/request-mix.ts';
import { after } from '../timers.ts';
import type { TrialClock } from '../trace/clock.ts';

/** One of them may end for a reason of its own. */
const CONNECTIONS = 2;
/** Two limits of a server without ticks differ by less. */
const SAME_WITHIN_MS = 200;

export interface IdleLimitOptions {
  pod: Endpoint;
  /** What is sent once on each connection. */
  request: RequestScenario;
  /** How long to watch, in ms. */
  capMs: number;
  clock: TrialClock;
  signal: AbortSignal;
}

export interface IdleLimit {
  /** 0 if the response said that the connection ends; undefined if it was open after the cap. */
  ms: number | undefined;
  /**
   * Of a server that looks at its idle connections every few seconds only (Bun: every 4 s): when it last did, and the
   * time between two such ticks, or a multiple of it, for which it keeps a connection that is used right after a tick.
   */
  ticks?: { atMs: number; everyMs: number };
}

/**
 * For how long a pod keeps an idle connection. It is watched twice, the second time from the moment on when the first
 * connections were closed: a server with ticks then keeps them for longer, or as long only by chance.
 * @throws the signal's reason when aborted
 */
export async function idleLimit(options: IdleLimitOptions): Promise<IdleLimit> {
  const first = await watched(options);
  if (first === undefined || first === 0) return { ms: first };
  const firstClosedMs = options.clock.nowMs();
  const second = await watched(options);
  if (second === undefined || second - first < SAME_WITHIN_MS) return { ms: second };
  const atMs = options.clock.nowMs();
  return { ms: second, ticks: { atMs, everyMs: atMs - firstClosedMs } };
}

async function watched({ pod, request, capMs, signal }: IdleLimitOptions): Promise<number | undefined> {
  signal.throwIfAborted();
  const text = requestTextOf({ ...request, connection: 'keep-alive' })('idle-limit', pod);
  const connections = Array.from({ length: CONNECTIONS }, () => watch(pod, text));
  const all = Promise.all(connections.map(({ idleMs }) => idleMs));
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const timer = after(capMs, stop);
  signal.addEventListener('abort', stop);
  await Promise.race([all, stopped]);
  timer.cancel();
  signal.removeEventListener('abort', stop);
  for (const { giveUp } of connections) giveUp();
  signal.throwIfAborted();
  const shortestMs = smallest((await all).filter((ms) => ms !== undefined));
  return Number.isFinite(shortestMs) ? shortestMs : undefined;
}

/** Resolves to how long the connection was idle when the server closed it; undefined if it was given up before. */
function watch({ host, port }: Endpoint, text: string) {
  let answeredMs: number | undefined;
  let settle: (idleMs: number | undefined) => void = () => {};
  const idleMs = new Promise<number | undefined>((resolve) => {
    settle = resolve;
  });
  const connection = new Connection(host, port, () => {
    if (answeredMs !== undefined) settle(performance.now() - answeredMs);
  });
  connection.send(text, ({ error, head }) => {
    if (error) settle(undefined);
    else if (head?.keepAlive) answeredMs = performance.now();
    else settle(0);
  });
  const giveUp = () => {
    settle(undefined);
    connection.abandon('aborted', 'watched for long enough');
  };
  return { idleMs, giveUp };
}
