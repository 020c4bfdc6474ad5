/** nginx's log. Pure, but for the lines that it remembers until their request ends. */
import * as z from 'zod';
import { errorIn } from '../error-text.ts';
import { GatewayLog, InFlight, jsonLine, type LoggedAttempt, type LoggedRequest } from '../request-log.ts';

/** One line of the access log. Lists are separated by commas, one part per attempt. */
const AccessLine = z.object({
  id: z.string(),
  method: z.string(),
  at: z.coerce.number(),
  took: z.coerce.number(),
  status: z.coerce.number(),
  connection: z.string(),
  upstream: z.string(),
  connectTimes: z.string().default(''),
  statuses: z.string(),
  times: z.string(),
  bytes: z.string(),
});
type AccessLine = z.infer<typeof AccessLine>;

/** `… *7 connect() failed (111: Connection refused) while connecting to upstream, …, upstream: "http://10.0.0.7:80/"` */
const ERROR_LINE = /\[(?:error|warn|crit)\] .*?\*(\d+) (.*?) while ([a-z ]+), client: (.*)/;
const ERROR_UPSTREAM = /upstream: "https?:\/\/([^/"]+)/;

const PHASES: readonly [RegExp, LoggedAttempt['phase']][] = [
  [/connecting to upstream/, 'connect'],
  [/sending (request|to) /, 'send'],
  [/reading response header/, 'wait'],
  [/reading upstream/, 'receive'],
];

/** How an attempt failed. */
export interface Problem {
  address: string | undefined;
  phase: LoggedAttempt['phase'];
  error: string;
}

export interface NginxLogOptions {
  /**
   * It has one server and its own rule for sending a request again. Then it does so only if a connection that it had
   * used before ended without an answer, and always for a GET.
   */
  retriesOnlyReused?: boolean;
}

export class NginxLog extends GatewayLog {
  readonly #options: NginxLogOptions;
  /** What the error log said about the request in flight on a client's connection. */
  readonly #problems = new InFlight<Problem>();

  constructor(options: NginxLogOptions = {}) {
    super();
    this.#options = options;
  }

  read(line: string): void {
    const found = line.startsWith('{') ? undefined : problemIn(line);
    if (found) this.#problems.add(found.connection, found.problem);
    const access = line.startsWith('{') ? AccessLine.safeParse(jsonLine(line)).data : undefined;
    if (access) this.ended(loggedRequest(access, this.#problems.take(access.connection), this.#options));
  }
}

/** @returns undefined if the line of the error log is about no failed attempt */
export function problemIn(line: string): { connection: string; problem: Problem } | undefined {
  const [, connection, what, doing, rest] = ERROR_LINE.exec(line) ?? [];
  if (connection === undefined || what === undefined || doing === undefined) return undefined;
  const error = what.includes('no live upstreams') ? 'no-endpoint' : errorIn(what);
  const phase = PHASES.find(([pattern]) => pattern.test(doing))?.[1];
  if (error === undefined || phase === undefined) return undefined;
  return { connection, problem: { address: ERROR_UPSTREAM.exec(rest ?? '')?.[1], phase, error } };
}

/** @param problems what the error log said about the request's attempts, in their order */
export function loggedRequest(
  { at, took, status, id, method, ...line }: Omit<AccessLine, 'connection'>,
  problems: readonly Problem[],
  { retriesOnlyReused = false }: NginxLogOptions = {},
): LoggedRequest {
  const endedEpochMs = at * 1000;
  const startedEpochMs = endedEpochMs - took * 1000;
  const [statuses, times, bytes] = [list(line.statuses), list(line.times), list(line.bytes)];
  const connectTimes = list(line.connectTimes);
  const upstreams = list(line.upstream);
  const left = [...problems];
  let attemptMs = startedEpochMs;
  const attempts = upstreams.map((address, nth): LoggedAttempt => {
    const startedMs = attemptMs;
    attemptMs += Number(times[nth] ?? 0) * 1000 || 0;
    const isAddress = /:\d+$/.test(address); // else the name of the upstream, of which no server could be chosen
    const found = left.findIndex(
      (problem) => !isAddress || problem.address === undefined || problem.address === address,
    );
    const [problem] = found < 0 ? [] : left.splice(found, 1);
    const answered = Number(statuses[nth]);
    const received = Number(bytes[nth]);
    return {
      ...(isAddress && { address }),
      connection: {
        state: connectionState({
          // It took time to connect. Of a connection in the same millisecond, nginx does not say whether it was new.
          connected: problem?.phase === 'connect' || Number(connectTimes[nth]) > 0,
          sentAgain: retriesOnlyReused && nth + 1 < upstreams.length,
          final: retriesOnlyReused && problem !== undefined && nth + 1 === upstreams.length && isSafe(method),
        }),
      },
      startedEpochMs: startedMs,
      endedEpochMs: attemptMs,
      phase: problem?.phase ?? 'receive',
      ...(problem && { error: isAddress ? problem.error : 'no-endpoint' }),
      ...(!problem && answered > 0 && { status: answered }),
      ...(received > 0 && { bytesReceived: received }),
    };
  });
  return { id, method, startedEpochMs, endedEpochMs, ...(status > 0 && status !== 499 && { status }), attempts };
}

/** Whether an earlier request had used the connection, from what happened to it. */
function connectionState(seen: {
  connected: boolean;
  sentAgain: boolean;
  final: boolean;
}): LoggedAttempt['connection']['state'] {
  if (seen.connected) return 'fresh';
  if (seen.sentAgain) return 'reused';
  return seen.final ? 'fresh' : 'unknown';
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The parts of a list with one part per attempt. After an internal redirect they are separated by a colon. */
function list(text: string): string[] {
  return text === '' || text === '-' ? [] : text.split(/, | : /);
}
