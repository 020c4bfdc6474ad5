/**
 * Caddy's JSON log at its default level: a line per request, one before it if it failed, and one if its answer was cut.
 * Attempts that were made again are logged at the level DEBUG only.
 */
import * as z from 'zod';
import { ACCESS, attemptOf, CLIENT_CLOSED, ERROR, INCOMPLETE, NO_UPSTREAMS, PROXY } from '../caddy/log.ts';
import { jsonLine, type LoggedAttempt, type LoggedRequest, NO_ENDPOINT } from '../request-log.ts';
import type { LineReader } from './log-line.ts';
import { requestIdIn } from './request-id.ts';

const Line = z.object({
  /** After that of the module, it may have the server's name. */
  logger: z.string(),
  msg: z.string(),
  /** When it was written, in seconds. */
  ts: z.number(),
  /** In seconds. 0 if the response was cut. */
  duration: z.number().default(0),
  request: z.object({ method: z.string(), uri: z.string() }),
  status: z.number().default(0),
  upstream: z.string().optional(),
  error: z.string().default(''),
  /** Where in its code. */
  err_trace: z.string().default(''),
});
type Line = z.infer<typeof Line>;

/** `dial tcp 10.0.0.7:80: …`, `read tcp 10.0.0.1:4321->10.0.0.7:80: …` */
const UPSTREAM = /^\w+ tcp (?:\S+->)?(\S+): /;

export const readCaddy: LineReader = (text, earlier) => {
  const line = text.startsWith('{') ? Line.safeParse(jsonLine(text)).data : undefined;
  const id = line && requestIdIn(line.request.uri);
  if (!line || id === undefined) return undefined;
  if (line.logger.startsWith(ACCESS)) return { request: loggedRequest(id, line, earlier(id)) };
  const attempt = failedAttempt(line);
  return attempt && { id, attempt };
};

function failedAttempt(line: Line): LoggedAttempt | undefined {
  const { logger, msg, err_trace, ...fields } = line;
  if (logger === PROXY && msg === INCOMPLETE) return attemptOf(fields);
  // Other modules have errors too.
  if (!logger.startsWith(ERROR) || !err_trace.startsWith('reverseproxy')) return undefined;
  if (msg === NO_UPSTREAMS) return NO_ENDPOINT;
  return attemptOf({ ...fields, upstream: UPSTREAM.exec(msg)?.[1], error: msg });
}

function loggedRequest(id: string, line: Line, before: readonly LoggedAttempt[]): LoggedRequest {
  const { ts, duration, status, request } = line;
  const endedEpochMs = ts * 1000;
  return {
    id,
    method: request.method,
    startedEpochMs: endedEpochMs - duration * 1000,
    endedEpochMs,
    ...(status > 0 && status !== CLIENT_CLOSED && { status }),
    ...(duration === 0 && { coarseTimes: true }),
    attempts: [...before],
  };
}
