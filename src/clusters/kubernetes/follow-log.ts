/** Follows a container's output line by line, across dropped connections. */
import type { IncomingMessage } from 'node:http';
import { delay } from '../../timers.ts';
import type { KubernetesApi } from './api.ts';
import { isConnectionError, linesOf } from './response-lines.ts';

const RETRY_AFTER_MS = 100;
const WATCHDOG_MS = 100;
/** Once a container has ended, or if it never started, its log may be gone; stop after this many attempts. */
const ATTEMPTS_AFTER_END = 5;
/** The longest wait, as a multiple of the first. */
const MAX_PATIENCE = 16;
/**
 * The container runtime writes longer lines in several pieces; an app that prints endless lines must not fill the
 * memory.
 */
const MAX_LINE_LENGTH = 16 * 1024;

/**
 * How long to wait for a response while a limit on silence applies. A terminating pod's last two seconds are too
 * precious for one attempt.
 */
const SHORT_ANSWER_MS = 1000;

export interface LogSource {
  namespace: string;
  pod: string;
  container: string;
  /** Lines that were written longer ago than this when the log is first asked for are left out. */
  sinceSeconds?: number;
  /**
   * How long the log may be silent before it is requested again, in ms; undefined: no limit. The kubelet (observed with
   * 1.34) sometimes sends nothing more on a connection that it keeps open.
   */
  maxSilenceMs?: () => number | undefined;
  /** Called after each attempt that returned no line, with the reason. */
  onTrouble?: (what: string) => void;
}

/**
 * Follows a log from its beginning, or from `sinceSeconds` ago on. Resolves when the pod is gone, when `ended` says that no more output can come, or
 * when the signal is aborted. Each line has the timestamp of the container runtime, which identifies lines that are
 * sent again after a dropped connection.
 */
export async function followLog(
  api: KubernetesApi,
  { namespace, pod, container, sinceSeconds, maxSilenceMs = () => undefined, onTrouble = () => {} }: LogSource,
  onLine: (line: string) => void,
  signal: AbortSignal,
  ended: () => boolean,
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  let lastTime = '';
  // On a slow cluster, retrying too early would never succeed, so each attempt without a line waits longer.
  let patience = 1;
  for (let attemptsAfterEnd = 0; !signal.aborted && attemptsAfterEnd < ATTEMPTS_AFTER_END; ) {
    const overBefore = ended();
    if (overBefore) attemptsAfterEnd++;
    const query = {
      container,
      follow: 'true',
      timestamps: 'true',
      ...(lastTime !== '' && { sinceTime: lastTime }),
      ...(lastTime === '' && sinceSeconds !== undefined && { sinceSeconds: String(sinceSeconds) }),
    };
    try {
      const hasty = maxSilenceMs() !== undefined;
      const response = await api.get(path, query, signal, hasty ? SHORT_ANSWER_MS * patience : undefined);
      // Either the pod is gone, or its kubelet does not know about it yet and responds in the same way.
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
          () => patient * (maxSilenceMs() ?? Number.POSITIVE_INFINITY),
        );
        if (lastTime === before) onTrouble('no line came');
        patience = lastTime === before ? Math.min(2 * patience, MAX_PATIENCE) : 1;
        if (overBefore) return;
      }
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      onTrouble((error as Error).message);
      patience = Math.min(2 * patience, MAX_PATIENCE);
    }
    await delay(RETRY_AFTER_MS, undefined, { signal }).catch(() => {});
  }
}

/** The current last line of a log; undefined if there is none or the log cannot be read. */
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
    const response = await api.get(path, query, signal, SHORT_ANSWER_MS);
    if (response.statusCode === 200) await readLines(response, '', keep, () => SHORT_ANSWER_MS);
    else response.destroy();
  } catch (error) {
    if (!isConnectionError(error)) throw error;
  }
  return lines.at(-1);
}

/** Reads one response until it ends in any way. Returns the time of the last line. */
async function readLines(
  response: IncomingMessage,
  before: string,
  onLine: (line: string) => void,
  maxSilenceMs: () => number,
): Promise<string> {
  let lastTime = before;
  let heardMs = performance.now();
  const watchdog = setInterval(() => {
    if (performance.now() - heardMs > maxSilenceMs()) response.destroy();
  }, WATCHDOG_MS);
  try {
    for await (const text of linesOf(response, MAX_LINE_LENGTH)) {
      heardMs = performance.now();
      const space = text.indexOf(' ');
      const time = comparable(text.slice(0, space));
      // A line without a timestamp comes from the kubelet, not the container: that it has no log file yet, or no
      // longer.
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
 * Pads the fraction of an RFC 3339 time, which lacks trailing zeros, to nine digits, so that times can be compared as
 * text. Undefined for any other text.
 */
export function comparable(time: string): string | undefined {
  const [, seconds, fraction = '', zone] = RFC_3339.exec(time) ?? [];
  return seconds === undefined ? undefined : `${seconds}.${fraction.padEnd(9, '0')}${zone}`;
}
