/**
 * Envoy's access log: its default text format (also Contour's), Istio's, and JSON with the fields of Envoy Gateway,
 * Contour or Istio. A line is about a request and names only the last pod; attempts before are not logged.
 */
import * as z from 'zod';
import { CLIENT_LEFT, errorOf, NO_ENDPOINT_FLAGS } from '../envoy/log.ts';
import { jsonLine, type LoggedAttempt, type LoggedRequest, NO_ENDPOINT } from '../request-log.ts';
import { type LineReader, withAddress } from './log-line.ts';
import { requestIdIn } from './request-id.ts';

/** What does not apply is "-" in text and null in JSON. */
const Text = z.string().nullish();
const JsonLine = z.object({
  method: z.string(),
  response_code: z.coerce.number(),
  response_flags: z.string(),
  /** In ms. */
  duration: z.coerce.number(),
  bytes_sent: z.coerce.number().default(0),
  upstream_host: Text,
  response_code_details: Text,
  upstream_transport_failure_reason: Text,
  start_time: Text,
  '@timestamp': Text,
  path: Text,
  'x-envoy-origin-path': Text,
});
/** Istio adds details, how the connection ended, and a reason after the flags. */
const TEXT_LINE =
  /^\[(\S+)\] "(\S+) (\S+) [^"]*" (\d+) (\S+) (?:(\S+) \S+ "([^"]*)" )?\d+ (\d+) (\d+) \S+ ".*?" ".*?" "[^"]*" "[^"]*" "([^"]*)"/;

interface Line {
  path: string;
  method: string;
  startedAt: string;
  tookMs: number;
  status: number;
  flags: string;
  /** Why the status, and why the connection failed, where the format has it. */
  details: string;
  host: string;
  /** That the client got. */
  bytes: number;
}

/** Envoy's own answers after a failed attempt. */
const OWN_ANSWERS: readonly number[] = [502, 503, 504];
/** It made all the attempts that it may. Their number is not logged. */
const NO_MORE_RETRIES = 'URX';

export const readEnvoy: LineReader = (text) => {
  const line = text.startsWith('{') ? fromJson(text) : fromText(text);
  const id = line && requestIdIn(line.path);
  return line && id !== undefined ? { request: loggedRequest(id, line) } : undefined;
};

function fromJson(text: string): Line | undefined {
  const line = JsonLine.safeParse(jsonLine(text)).data;
  if (!line) return undefined;
  return {
    path: line.path ?? line['x-envoy-origin-path'] ?? '',
    method: line.method,
    startedAt: line.start_time ?? line['@timestamp'] ?? '',
    tookMs: line.duration,
    status: line.response_code,
    flags: line.response_flags,
    details: `${line.response_code_details ?? ''} ${line.upstream_transport_failure_reason ?? ''}`,
    host: line.upstream_host ?? '-',
    bytes: line.bytes_sent,
  };
}

function fromText(text: string): Line | undefined {
  const [, startedAt, method, path, status, flags, details = '', reason = '', bytes, took, host] =
    TEXT_LINE.exec(text) ?? [];
  if (!startedAt || !method || !path || !flags || !host) return undefined;
  const numbers = { status: Number(status), bytes: Number(bytes), tookMs: Number(took) };
  return { path, method, startedAt, flags, details: `${details} ${reason}`, host, ...numbers };
}

function loggedRequest(id: string, line: Line): LoggedRequest {
  const { method, status } = line;
  const startedEpochMs = Date.parse(line.startedAt);
  const endedEpochMs = startedEpochMs + line.tookMs;
  return { id, method, startedEpochMs, endedEpochMs, ...(status > 0 && { status }), attempts: lastAttempts(line) };
}

function lastAttempts({ status, details, host, bytes, ...line }: Line): LoggedAttempt[] {
  const flags =
    line.flags
      .split(',')
      .filter((flag) => flag !== NO_MORE_RETRIES)
      .join() || '-';
  if (NO_ENDPOINT_FLAGS.test(flags)) return [NO_ENDPOINT];
  if (host === '-' && flags !== 'UF' && flags !== 'UO') return []; // an answer of its own
  const hadAnswer =
    status > 0 && (flags === '-' || !OWN_ANSWERS.includes(status) || /after_response_started/.test(details));
  const error = CLIENT_LEFT.test(flags) ? undefined : errorOf({ flags, why: details, bytes: hadAnswer ? bytes : 0 });
  return [
    {
      ...withAddress(host),
      connection: { state: flags === 'UF' ? 'fresh' : 'unknown' },
      phase: hadAnswer ? 'receive' : flags === 'UF' || flags === 'UO' ? 'connect' : 'wait',
      ...(error !== undefined && { error }),
      ...(hadAnswer && { status }),
      ...(hadAnswer && error !== undefined && { bytesReceived: bytes }),
    },
  ];
}
