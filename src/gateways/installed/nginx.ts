/**
 * nginx's log: `upstreaminfo` (the default of ingress-nginx), `combined`, formats that begin like it (`main`, the default
 * of F5's controller), and the error log. Each failed attempt has a line in the error log, before the request's own line.
 */
import { loggedRequest, type Problem, problemIn } from '../nginx/log.ts';
import { type LoggedAttempt, type LoggedRequest, NO_ENDPOINT, UNCLEAR } from '../request-log.ts';
import { type CommonLogLine, commonLogLine } from './common-log.ts';
import { type LineReader, withAddress } from './log-line.ts';
import { requestIdIn } from './request-id.ts';

const REQUEST_LINE = /, request: "([^"]*)"/;
/** One part per attempt. */
const LIST = String.raw`([^\s,]+(?:(?:, | : )[^\s,]+)*)`;
/**
 * The end of `upstreaminfo`: lengths and time of the request, two names, then lists of the upstreams' addresses, lengths,
 * times in seconds and statuses.
 */
const UPSTREAM_INFO = new RegExp(
  String.raw`^ \d+ ([\d.]+) \[[^\]]*\](?: \[[^\]]*\])? ${LIST} ${LIST} ${LIST} ${LIST}(?: \S+)?$`,
);
const CLIENT_LEFT = 499;
/** nginx's own answers after a failed attempt. */
const OWN_ANSWERS: readonly number[] = [502, 504];

export const readNginx: LineReader = (line, earlier) => {
  const failed = failedAttempt(line);
  if (failed) return failed;
  const common = commonLogLine(line);
  if (!common) return undefined;
  const before = earlier(common.id);
  return { request: withUpstreams(common, before) ?? withoutUpstreams(common, before) };
};

/** `[error] … while connecting to upstream, …, request: "GET /work HTTP/1.1", upstream: "http://10.0.0.7:80/work"` */
function failedAttempt(line: string): { id: string; attempt: LoggedAttempt } | undefined {
  const id = requestIdIn(REQUEST_LINE.exec(line)?.[1] ?? '');
  const problem = problemIn(line)?.problem;
  if (id === undefined || problem === undefined) return undefined;
  const { address, phase, error } = problem;
  const state = phase === 'connect' && error !== 'no-endpoint' ? 'fresh' : 'unknown';
  return { id, attempt: { ...withAddress(address), connection: { state }, phase, error } };
}

function withUpstreams(line: CommonLogLine, before: readonly LoggedAttempt[]): LoggedRequest | undefined {
  const [, took, upstream, bytes, times, statuses] = UPSTREAM_INFO.exec(line.rest) ?? [];
  if (!took || !upstream || !bytes || !times || !statuses) return undefined;
  const { id, method, status, atEpochMs } = line;
  const at = atEpochMs / 1000;
  const lists = { upstream, bytes, times, statuses, connectTimes: '' };
  const request = loggedRequest({ id, method, status, at, took: Number(took), ...lists }, before.flatMap(problemOf));
  return { ...request, coarseTimes: true, attempts: request.attempts.map(asFarAsKnown) };
}

function problemOf({ address, phase, error }: LoggedAttempt): Problem[] {
  return error === undefined ? [] : [{ address, phase, error }];
}

/**
 * Without a line of the error log, which may be lost, an empty answer with one of nginx's own statuses is not taken for
 * the pod's. nginx names the group of servers instead of an address if it could choose none.
 */
function asFarAsKnown(attempt: LoggedAttempt): LoggedAttempt {
  const { status = 0, bytesReceived = 0, ...rest } = attempt;
  const isOwnAnswer = OWN_ANSWERS.includes(status) && bytesReceived === 0;
  if (attempt.error !== 'no-endpoint' && !isOwnAnswer) return attempt;
  return { ...rest, ...(attempt.address === undefined ? NO_ENDPOINT : UNCLEAR) };
}

/** The access log names no upstream, so attempts are known only from the error log. */
function withoutUpstreams(line: CommonLogLine, before: readonly LoggedAttempt[]): LoggedRequest {
  const { id, method, status, atEpochMs } = line;
  const answered = status !== CLIENT_LEFT && { status };
  const times = { startedEpochMs: atEpochMs, endedEpochMs: atEpochMs, coarseTimes: true as const };
  const last = before.at(-1);
  const sentAgain = last !== undefined && last.phase !== 'receive' && !OWN_ANSWERS.includes(status);
  const further: LoggedAttempt = { connection: { state: 'unknown' }, phase: 'receive', ...answered };
  return { id, method, ...answered, ...times, attempts: sentAgain ? [...before, further] : [...before] };
}
