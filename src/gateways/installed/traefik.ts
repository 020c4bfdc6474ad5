/** Traefik's access log with its default fields, as JSON or in the Common Log Format that it extends. */
import { STATUS_CODES } from 'node:http';
import * as z from 'zod';
import { jsonLine, type LoggedAttempt, type LoggedRequest, NO_ENDPOINT, UNCLEAR } from '../request-log.ts';
import { CLIENT_LEFT, NS_PER_MS } from '../traefik/log.ts';
import { commonLogLine } from './common-log.ts';
import { type LineReader, withAddress } from './log-line.ts';
import { requestIdIn } from './request-id.ts';

const JsonLine = z.object({
  StartUTC: z.string(),
  /** In ns. */
  Duration: z.number(),
  RequestMethod: z.string(),
  RequestPath: z.string(),
  DownstreamStatus: z.number(),
  /** 0 if the answer ended too early. */
  OriginStatus: z.number().default(0),
  /** The size of the body, in bytes: the pod's, or the one that Traefik wrote itself. */
  OriginContentSize: z.number().default(0),
  /** The last pod chosen; absent if there was none. */
  ServiceAddr: z.string().optional(),
  /** An object in version 2. */
  ServiceURL: z.string().optional().catch(undefined),
  /** Version 3.7.15 logs 0 whatever it retried. */
  RetryAttempts: z.number().default(0),
});
/** The end of a line of its text format: `7 "router" "http://10.0.0.7:80" 12ms`, "-" for what is absent. */
const TEXT_END = /^ \d+ "([^"]*)" "([^"]*)" (\d+)ms$/;

/** What is known of the last attempt. */
interface Outcome {
  /** Absent if no pod was chosen. */
  upstream: string | undefined;
  /** The answer's, from the pod or Traefik; 0 if it ended too early. */
  status: number;
  bytes: number;
}

export const readTraefik: LineReader = (line) => {
  const request = line.startsWith('{') ? fromJson(line) : fromText(line);
  return request && { request };
};

function fromJson(text: string): LoggedRequest | undefined {
  const line = JsonLine.safeParse(jsonLine(text)).data;
  const id = line && requestIdIn(line.RequestPath);
  if (!line || id === undefined) return undefined;
  const { DownstreamStatus: status, OriginStatus, RequestMethod: method, ServiceAddr, ServiceURL } = line;
  const startedEpochMs = Date.parse(line.StartUTC);
  const endedEpochMs = startedEpochMs + line.Duration / NS_PER_MS;
  const upstream = ServiceAddr ?? hostIn(ServiceURL);
  const attempts = lastAttempts({ upstream, status: OriginStatus, bytes: line.OriginContentSize }, status);
  const sentAgain = Array.from({ length: line.RetryAttempts }, () => SENT_AGAIN);
  return { id, method, ...answer(status), startedEpochMs, endedEpochMs, attempts: [...sentAgain, ...attempts] };
}

function fromText(text: string): LoggedRequest | undefined {
  const line = commonLogLine(text);
  const [, , url, tookMs] = TEXT_END.exec(line?.rest ?? '') ?? [];
  if (!line || tookMs === undefined) return undefined;
  const { id, method, status, bytes, atEpochMs: startedEpochMs } = line;
  const times = { startedEpochMs, endedEpochMs: startedEpochMs + Number(tookMs), coarseTimes: true as const };
  return {
    id,
    method,
    ...answer(status),
    ...times,
    attempts: lastAttempts({ upstream: hostIn(url), status, bytes }, status),
  };
}

function answer(status: number): Pick<LoggedRequest, 'status'> {
  return status > 0 && status !== CLIENT_LEFT ? { status } : {};
}

function hostIn(url: string | undefined): string | undefined {
  return /^\w+:\/\/([^/]+)/.exec(url ?? '')?.[1];
}

/** By default, it sends only a request again of which nothing was written to a pod. It does not log where or why. */
const SENT_AGAIN: LoggedAttempt = { connection: { state: 'unknown' }, phase: 'connect', error: 'failed' };

/** @param status the client's */
function lastAttempts(outcome: Outcome, status: number): LoggedAttempt[] {
  if (outcome.upstream === undefined) return status === 503 ? [NO_ENDPOINT] : [];
  return [lastAttempt(outcome)];
}

function lastAttempt({ upstream, status, bytes }: Outcome): LoggedAttempt {
  const attempt: LoggedAttempt = { ...withAddress(upstream), connection: { state: 'unknown' }, phase: 'receive' };
  if (status === CLIENT_LEFT) return { ...attempt, phase: 'wait' };
  if (status === 0) return { ...attempt, error: 'failed' };
  // Traefik's own answer is the status as text. Why it gave that is only in its DEBUG log.
  const isOwn = (status === 502 || status === 504) && bytes === STATUS_CODES[status]?.length;
  if (isOwn) return { ...attempt, ...UNCLEAR, ...(status === 504 && { error: 'timeout' }) };
  return { ...attempt, status };
}
