/** Envoy's access log. Pure, but for the attempts that it remembers until their request ends. */
import * as z from 'zod';
import { errorIn } from '../error-text.ts';
import { GatewayLog, InFlight, jsonLine, type LoggedAttempt, NO_ENDPOINT } from '../request-log.ts';

const Line = z.object({
  of: z.enum(['request', 'attempt']),
  id: z.string(),
  method: z.string(),
  at: z.coerce.number(),
  took: z.number(),
  status: z.number(),
  flags: z.string(),
  details: z.string().nullable(),
  host: z.string().nullable(),
  /** Of an attempt: 0 if it had no connection yet. */
  connection: z.number().nullable(),
  /** Why an attempt got no connection. */
  why: z.string().nullable(),
  bytes: z.number(),
});
type Line = z.infer<typeof Line>;

export const NO_ENDPOINT_FLAGS = /\b(UH|NC|NR)\b/;
const TIMEOUT = /\b(UT|SI|DT)\b/;
export const CLIENT_LEFT = /\bDC\b/;

export class EnvoyLog extends GatewayLog {
  readonly #attempts = new InFlight<LoggedAttempt>();
  /** Those of each request that the client left. The attempt that this ended is logged after its request. */
  readonly #left = new Map<string, LoggedAttempt[]>();
  readonly #connections = new Set<number>();

  read(text: string): void {
    const line = Line.safeParse(jsonLine(text)).data;
    if (line?.of === 'request') this.#request(line);
    else if (line) this.#attempt(line);
  }

  #attempt(line: Line): void {
    const connection = line.connection ?? 0;
    const attempt = loggedAttempt(line, this.#connections.has(connection));
    if (connection > 0) this.#connections.add(connection);
    const left = this.#left.get(line.id);
    if (left) left.push({ error: 'failed', ...attempt });
    else this.#attempts.add(line.id, attempt);
    this.#left.delete(line.id);
  }

  #request(line: Line): void {
    const { id, method, at, took, status, flags } = line;
    const endedEpochMs = at + took;
    const attempts = this.#attempts.take(id);
    const last = attempts.pop();
    if (last) attempts.push(endedAs(last, line));
    if (NO_ENDPOINT_FLAGS.test(flags)) attempts.push({ ...NO_ENDPOINT, startedEpochMs: endedEpochMs, endedEpochMs });
    const request = { id, method, startedEpochMs: at, endedEpochMs, ...(status > 0 && { status }), attempts };
    const left = CLIENT_LEFT.test(flags);
    if (left) this.#left.set(id, attempts);
    if (left) this.keep(request);
    else this.ended(request);
  }
}

function loggedAttempt(line: Line, reused: boolean): LoggedAttempt {
  const { at, took, status, host, connection, bytes } = line;
  const error = errorOf(line);
  return {
    ...(host !== null && { address: host }),
    connection: { state: reused ? 'reused' : 'fresh', ...(connection ? { id: String(connection) } : {}) },
    startedEpochMs: at,
    endedEpochMs: at + took,
    phase: bytes > 0 ? 'receive' : connection ? 'wait' : 'connect',
    ...(error !== undefined && { error }),
    ...(status > 0 && { status }),
    ...(bytes > 0 && { bytesReceived: bytes }),
  };
}

/** Undefined for an attempt that was answered or that ended with its request. */
export function errorOf({ flags, why, bytes }: Pick<Line, 'flags' | 'why' | 'bytes'>): string | undefined {
  if (flags === '-') return undefined;
  if (flags === 'UF') return errorIn(why ?? '') ?? 'failed';
  if (flags === 'UO') return 'no-endpoint'; // a circuit breaker of its own
  if (TIMEOUT.test(flags)) return 'timeout';
  // Closed or reset: Envoy does not say which, and calls either a protocol error in the middle of an answer.
  return flags === 'UC' || (flags === 'UPE' && bytes > 0) ? 'closed' : 'failed';
}

/** Only the line about the request says that time was up, for the answer or for the last attempt's connection. */
function endedAs(last: LoggedAttempt, { flags, details }: Line): LoggedAttempt {
  if (last.phase === 'connect' && last.error === 'failed')
    return { ...last, error: errorIn(details ?? '') ?? 'failed' };
  return TIMEOUT.test(flags) ? { error: 'timeout', ...last } : last;
}
