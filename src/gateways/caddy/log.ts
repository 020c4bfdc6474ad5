/**
 * Caddy's log. Pure, but for the attempts that it remembers until their request ends. Go's HTTP client, which Caddy uses,
 * sends a GET again by itself if a used connection ended before any byte of the response; no log shows that.
 */
import * as z from 'zod';
import { errorIn } from '../error-text.ts';
import { GatewayLog, InFlight, jsonLine, type LoggedAttempt, type LoggedRequest, NO_ENDPOINT } from '../request-log.ts';

export const ACCESS = 'http.log.access';
export const ERROR = 'http.log.error';
/** At the level DEBUG it has one line per attempt. */
export const PROXY = 'http.handlers.reverse_proxy';
export const LOGGERS: readonly string[] = [ACCESS, ERROR, PROXY];

const Line = z.object({
  logger: z.string(),
  msg: z.string(),
  /** When it was written, in seconds. */
  ts: z.number(),
  /** In seconds. 0 if the response was cut. */
  duration: z.number().default(0),
  request: z.object({ method: z.string(), headers: z.object({ 'X-Request-Id': z.tuple([z.string()]) }) }),
  status: z.number().default(0),
  upstream: z.string().optional(),
  error: z.string().default(''),
});
type Line = z.infer<typeof Line>;

/** Lines about no request, one per attempt: the most frequent ones. */
const SELECTED = '"msg":"selected upstream"';
const ROUNDTRIP = 'upstream roundtrip';
export const INCOMPLETE = 'aborting with incomplete response';
export const NO_UPSTREAMS = 'no upstreams available';

/** The client ended the request. */
const CANCELED = /^context canceled|^writing:/;
export const CLIENT_CLOSED = 499;

const PHASES: readonly [RegExp, LoggedAttempt['phase']][] = [
  [/^dial /, 'connect'],
  [/^write /, 'send'],
  [/^reading: /, 'receive'],
];

export class CaddyLog extends GatewayLog {
  readonly #attempts = new InFlight<LoggedAttempt>();

  read(text: string): void {
    if (!text.startsWith('{') || text.includes(SELECTED)) return;
    const line = Line.safeParse(jsonLine(text)).data;
    if (!line) return;
    const [id] = line.request.headers['X-Request-Id'];
    if (line.logger === ACCESS) this.ended(loggedRequest(id, line, this.#attempts.take(id)));
    else if (line.msg === ROUNDTRIP) this.#attempts.add(id, attemptOf(line));
    else if (line.msg === NO_UPSTREAMS) this.#attempts.add(id, NO_ENDPOINT);
    else if (line.msg === INCOMPLETE) this.#cut(id, attemptOf(line));
  }

  /** The last attempt's answer had begun. */
  #cut(id: string, end: LoggedAttempt): void {
    const attempts = this.#attempts.take(id);
    const { startedEpochMs, ...begun } = attempts.pop() ?? end;
    const whole = { ...begun, ...end, ...(startedEpochMs !== undefined && { startedEpochMs }) };
    for (const attempt of [...attempts, whole]) this.#attempts.add(id, attempt);
  }
}

function loggedRequest(id: string, line: Line, attempts: LoggedAttempt[]): LoggedRequest {
  const {
    ts,
    duration,
    status,
    request: { method },
  } = line;
  const endedEpochMs = ts * 1000;
  const startedEpochMs = Math.min(endedEpochMs - duration * 1000, attempts[0]?.startedEpochMs ?? endedEpochMs);
  const last = attempts.at(-1);
  if (last?.status !== undefined && last.error === undefined) last.endedEpochMs = endedEpochMs; // a round trip ends with the response's head
  const gotStatus = status > 0 && status !== CLIENT_CLOSED;
  return { id, method, startedEpochMs, endedEpochMs, ...(gotStatus && { status }), attempts };
}

/** What Go's HTTP client sends again if a used connection ended before an answer (`isReplayable` in net/http). */
const SENT_AGAIN: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];
/** That end, found while waiting for the answer. */
const ENDED_UNANSWERED = /^EOF$|^read tcp /;

/** Caddy does not log whether the connection was new, other than by the error. */
export function attemptOf({
  ts,
  duration,
  upstream,
  error,
  status,
  request: { method },
}: Omit<Line, 'logger' | 'msg' | 'request'> & { request: { method: string } }): LoggedAttempt {
  const phase = PHASES.find(([pattern]) => pattern.test(error))?.[1] ?? 'wait';
  const attempt: LoggedAttempt = {
    ...(upstream !== undefined && { address: upstream }),
    connection: { state: connectionOf(error, method) },
    startedEpochMs: (ts - duration) * 1000,
    endedEpochMs: ts * 1000,
    phase,
  };
  if (CANCELED.test(error)) return attempt;
  if (error === '') return { ...attempt, phase: 'receive', status };
  return { ...attempt, error: errorIn(error) ?? 'failed' };
}

function connectionOf(error: string, method: string): LoggedAttempt['connection']['state'] {
  if (error.startsWith('dial ')) return 'fresh';
  // On a used connection, it would have been sent again, and its last error would be that of a new one.
  if (SENT_AGAIN.includes(method) && ENDED_UNANSWERED.test(error)) return 'fresh';
  return error.includes('closed idle connection') ? 'reused' : 'unknown';
}
