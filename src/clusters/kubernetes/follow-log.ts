/** A container's output, line by line as it comes, also across dropped connections. */
import type { IncomingMessage } from 'node:http';
import { delay } from '../../timers.ts';
import type { KubernetesApi } from './api.ts';
import { isConnectionError, linesOf } from './response-lines.ts';

const RETRY_AFTER_MS = 100;
const WATCHDOG_MS = 100;
/** A container that has ended, or never started, and whose log cannot be had has none any more. */
const ATTEMPTS_AFTER_END = 5;
/** The longest wait, as a multiple of the first. */
const MOST_PATIENCE = 16;
/** As much of a line as the container runtime writes in one piece; an app that ends no line must not fill our memory. */
const MAX_LINE_LENGTH = 16 * 1024;

/** How long an answer is waited for where silence is not believed: a pod's last two seconds must not be spent on one try. */
const HASTY_ANSWER_MS = 1000;

export interface LogSource {
  namespace: string;
  pod: string;
  container: string;
  /**
   * How long its silence is believed, in ms; undefined: for ever. After that the log is asked for anew, because the kubelet
   * (seen with 1.34) sometimes sends nothing more on a connection that it keeps open.
   */
  believedSilenceMs?: () => number | undefined;
  /** Called after each attempt that brought nothing, with the reason. */
  onTrouble?: (what: string) => void;
}

/**
 * Follows a log from its beginning; resolves when the pod is gone, `ended` says that nothing more can come, or the signal
 * is aborted. Lines carry the time at which the container runtime took them, by which a line that is sent again after a
 * dropped connection is known.
 */
export async function followLog(
  api: KubernetesApi,
  { namespace, pod, container, believedSilenceMs = () => undefined, onTrouble = () => {} }: LogSource,
  onLine: (line: string) => void,
  signal: AbortSignal,
  ended: () => boolean,
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  let lastTime = '';
  // On a slow cluster, asking again too early never gets an answer, so each attempt without one waits for longer.
  let patience = 1;
  for (let attemptsAfterEnd = 0; !signal.aborted && attemptsAfterEnd < ATTEMPTS_AFTER_END; ) {
    const overBefore = ended();
    if (overBefore) attemptsAfterEnd++;
    const query = { container, follow: 'true', timestamps: 'true', ...(lastTime ? { sinceTime: lastTime } : {}) };
    try {
      const hasty = believedSilenceMs() !== undefined;
      const response = await api.get(path, query, signal, hasty ? HASTY_ANSWER_MS * patience : undefined);
      // The pod is gone; or its kubelet has not heard of it yet, and answers the same.
      if (response.statusCode === 404 && (lastTime !== '' || overBefore)) return;
      if (response.statusCode !== 200) {
        response.destroy(); // 400: the container has not started yet
        onTrouble(`HTTP status ${response.statusCode}`);
      } else {
        const before = lastTime;
        const patient = patience;
        lastTime = await readLines(
          response,
          lastTime,
          onLine,
          () => patient * (believedSilenceMs() ?? Number.POSITIVE_INFINITY),
        );
        if (lastTime === before) onTrouble('no line came');
        patience = lastTime === before ? Math.min(2 * patience, MOST_PATIENCE) : 1;
        if (overBefore) return;
      }
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      onTrouble((error as Error).message);
      patience = Math.min(2 * patience, MOST_PATIENCE);
    }
    await delay(RETRY_AFTER_MS, undefined, { signal }).catch(() => {});
  }
}

/** The last line of a log as it is now; undefined where there is none, or none can be had. */
export async function lastLine(
  api: KubernetesApi,
  { namespace, pod, container }: LogSource,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  const query = { container, tailLines: '1', timestamps: 'true' };
  const lines: string[] = [];
  const keep = (line: string) => void lines.push(line);
  try {
    const response = await api.get(path, query, signal, HASTY_ANSWER_MS);
    if (response.statusCode === 200) await readLines(response, '', keep, () => HASTY_ANSWER_MS);
    else response.destroy();
  } catch (error) {
    if (!isConnectionError(error)) throw error;
  }
  return lines.at(-1);
}

/** Reads one response to its end, however it ends; returns the time of the last line. */
async function readLines(
  response: IncomingMessage,
  before: string,
  onLine: (line: string) => void,
  believedSilenceMs: () => number,
): Promise<string> {
  let lastTime = before;
  let heardMs = performance.now();
  const watchdog = setInterval(() => {
    if (performance.now() - heardMs > believedSilenceMs()) response.destroy();
  }, WATCHDOG_MS);
  try {
    for await (const text of linesOf(response, MAX_LINE_LENGTH)) {
      heardMs = performance.now();
      const space = text.indexOf(' ');
      const time = comparable(text.slice(0, space));
      // Without a time it is no line of the container but the kubelet's own word: that it has no log file yet, or no more.
      if (time === undefined) continue;
      if (before !== '' && time <= before) continue; // was sent on an earlier connection
      lastTime = time;
      onLine(text.slice(space + 1));
    }
  } catch (error) {
    if (!isConnectionError(error)) throw error;
  } finally {
    clearInterval(watchdog);
  }
  return lastTime;
}

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

/**
 * An RFC 3339 time with nine digits of its fraction, which comes without its trailing zeros: such times sort as text.
 * Undefined for what is none.
 */
export function comparable(time: string): string | undefined {
  const [, seconds, fraction = '', zone] = RFC_3339.exec(time) ?? [];
  return seconds === undefined ? undefined : `${seconds}.${fraction.padEnd(9, '0')}${zone}`;
}
