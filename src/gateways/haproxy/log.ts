/**
 * HAProxy's log. It lacks what succeeded at once (`option dontlog-normal`), and requests that were lost with an idle
 * connection to a pod: HAProxy then closes the client's connection without a response. Pure.
 */
import * as z from 'zod';
import { GatewayLog, jsonLine, type LoggedAttempt, type LoggedRequest } from '../request-log.ts';

/** One line: a request at its end. */
const Line = z.object({
  id: z.string(),
  method: z.string(),
  /**
   * In ms, -1 if it did not get that far: when it was accepted, idle before its first byte, until a server was chosen
   * for the last time, until the connection was established, and from the first byte to the end.
   */
  times: z.templateLiteral([z.int(), ' ', z.int(), ' ', z.int(), ' ', z.int(), ' ', z.int()]),
  status: z.coerce.number(),
  bytes: z.coerce.number(),
  /** "-:-" if none was chosen. */
  server: z.string(),
  /** "1" for the first request on the client's connection. */
  isFirst: z.string(),
  /** Who ended it, and how far it was: "Session state at disconnection" in HAProxy's manual. */
  end: z.string(),
  /** After "+" if another server was chosen on the way. */
  retries: z.string(),
});
export type Line = z.infer<typeof Line>;

export const NONE = '-:-';
const ENDED_BY_CLIENT = /^c/i;
/** By the second letter of `end`. */
const PHASES: Readonly<Record<string, LoggedAttempt['phase']>> = { Q: 'connect', C: 'connect', H: 'wait' };

export class HaproxyLog extends GatewayLog {
  read(text: string): void {
    const line = text.startsWith('{') ? Line.safeParse(jsonLine(text)).data : undefined;
    if (line) this.ended(loggedRequest(line));
  }
}

export function loggedRequest(line: Line): LoggedRequest {
  const [acceptedMs = 0, idle = 0, choice = 0, connect = 0, active = 0] = line.times.split(' ').map(Number);
  const startedEpochMs = acceptedMs + Math.max(0, idle);
  const endedEpochMs = startedEpochMs + Math.max(0, active);
  const chosenMs = startedEpochMs + Math.max(0, choice);
  const connectedMs = connect < 0 ? endedEpochMs : Math.min(chosenMs + connect, endedEpochMs);
  const before = failedBefore(line, { startedEpochMs, chosenMs, connectedMs });
  const last = { startedEpochMs: before.length > 0 ? connectedMs : chosenMs, endedEpochMs, ...lastAttempt(line) };
  return {
    id: line.id === '-' ? '' : line.id,
    method: line.method,
    startedEpochMs,
    endedEpochMs,
    ...(line.status > 0 && !ENDED_BY_CLIENT.test(line.end) && { status: line.status }),
    // R: it was still reading the request.
    attempts: line.end[1] === 'R' ? [] : [...before, last],
  };
}

/**
 * The attempts before the last one. HAProxy logs how many there were, but not when or why they failed. Those at the same
 * server failed to connect, with a pause after each. If it chose another server, the log does not name the ones before,
 * and with `retry-on` the request may even have reached them.
 */
function failedBefore(
  { retries, server }: Line,
  { startedEpochMs, chosenMs, connectedMs }: Record<'startedEpochMs' | 'chosenMs' | 'connectedMs', number>,
): LoggedAttempt[] {
  const count = Number(retries.replace('+', ''));
  const wasOther = retries.startsWith('+') || server === NONE;
  return Array.from({ length: count }, (_, nth) => {
    const atMs = chosenMs + ((connectedMs - chosenMs) * nth) / count;
    const attempt = { connection: { state: 'fresh' as const }, phase: 'connect' as const, error: 'failed' };
    if (wasOther) return { ...attempt, startedEpochMs, endedEpochMs: chosenMs };
    return { ...attempt, address: server, startedEpochMs: atMs, endedEpochMs: atMs };
  });
}

function lastAttempt({ server, end, status, ...line }: Line): LoggedAttempt {
  const phase = PHASES[end[1] ?? ''] ?? 'receive';
  if (server === NONE) return { connection: { state: 'unknown' }, phase: 'connect', error: 'no-endpoint' };
  // The first request of a client gets a connection of its own (`http-reuse safe`). One that ended while reused is not logged.
  const isFresh = line.isFirst === '1' || phase === 'connect' || end === 'SH';
  const attempt: LoggedAttempt = { address: server, connection: { state: isFresh ? 'fresh' : 'unknown' }, phase };
  if (end === '--') return { ...attempt, status };
  if (ENDED_BY_CLIENT.test(end)) return attempt;
  // SC is a refusal. Whether an established connection was closed or reset is not logged.
  const error = end.startsWith('s') ? 'timeout' : end === 'SC' ? 'ECONNREFUSED' : 'failed';
  return { ...attempt, error, ...(phase === 'receive' && { bytesReceived: line.bytes }) };
}
