/** For how long a pod keeps an idle keep-alive connection, watched on connections of this program to the pod itself. */
import type { Endpoint } from '../clusters/cluster.ts';
import { smallest } from '../extremes.ts';
import { Connection } from '../load/builtin/connection.ts';
import { requestTextOf } from '../load/builtin/request-text.ts';
import type { RequestScenario } from '../load/request-mix.ts';
import { after } from '../timers.ts';

/** One of them may end for a reason of its own. */
const CONNECTIONS = 2;

export interface IdleLimitOptions {
  pod: Endpoint;
  /** What is sent once on each connection. */
  request: RequestScenario;
  /** How long to watch, in ms. */
  capMs: number;
  signal: AbortSignal;
}

/**
 * The shortest time in ms for which the pod kept a connection idle: 0 if its response already said that the connection
 * ends, undefined if both were open after the cap.
 * @throws the signal's reason when aborted
 */
export async function idleLimit({ pod, request, capMs, signal }: IdleLimitOptions): Promise<number | undefined> {
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
