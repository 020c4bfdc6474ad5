/**
 * Traefik's log. The access log has a line per request; why an attempt failed is in a line of the DEBUG log just before,
 * which names no request and not always the pod. A failed request takes the failure that was logged with its status and
 * for its pod. If several that differ would fit, how it failed stays open. Pure, but for failures not taken yet.
 */
import * as z from 'zod';
import { errorIn } from '../error-text.ts';
import { GatewayLog, jsonLine, type LoggedAttempt, NO_ENDPOINT, UNCLEAR } from '../request-log.ts';

const AccessLine = z.object({
  StartUTC: z.string(),
  /** In ns. */
  Duration: z.number(),
  RequestMethod: z.string(),
  DownstreamStatus: z.number(),
  /** The last pod chosen; absent if there was none. */
  ServiceAddr: z.string().optional(),
  /** The pod's status, or the one that Traefik gave instead; 0 if the answer ended too early. */
  OriginStatus: z.number(),
  /** How long the last attempt took, in ns. */
  OriginDuration: z.number(),
  'request_X-Request-Id': z.string().default(''),
});
type AccessLine = z.infer<typeof AccessLine>;
const DebugLine = z.object({ message: z.string(), error: z.string().optional() });

export const NS_PER_MS = 1e6;
/** The mean time before a failed attempt is made again. Each wait is between half and one and a half times as long. */
export const RETRY_INTERVAL_MS = 20;
export const CLIENT_LEFT = 499;
/** How many failures are kept that no request has taken yet. */
const MAX_OPEN = 20_000;

interface Failure extends Pick<LoggedAttempt, 'address' | 'connection' | 'phase'> {
  error: string;
  /** The status of Traefik's answer; 0 if the pod's answer had begun. */
  status: number;
}

export class TraefikLog extends GatewayLog {
  #failures: Failure[] = [];
  /** The failures of each request that was sent again and has not ended. */
  readonly #sentAgain: Failure[][] = [];

  read(line: string): void {
    if (line.includes('"StartUTC"')) this.#access(AccessLine.safeParse(jsonLine(line)).data);
    else if (/Bad Gateway|Gateway Timeout|Server Error|Client Closed|body copy|New attempt/.test(line)) {
      this.#debug(DebugLine.safeParse(jsonLine(line)).data);
    }
  }

  #debug(line: z.infer<typeof DebugLine> | undefined): void {
    if (!line) return;
    const [, nth] = /^New attempt (\d+)/.exec(line.message) ?? [];
    const failure = nth === undefined ? failureIn(line) : undefined;
    if (nth !== undefined) this.#again(Number(nth));
    else if (failure && this.#failures.length < MAX_OPEN) this.#failures.push(failure);
  }

  #again(nth: number): void {
    const failure = this.#failures.find(({ phase }) => phase === 'connect') ?? this.#failures[0];
    if (!failure) return;
    this.#failures = this.#failures.filter((other) => other !== failure);
    const earlier = nth > 2 ? this.#sentAgain.find(({ length }) => length === nth - 2) : undefined;
    if (earlier) earlier.push(failure);
    else this.#sentAgain.push([failure]);
  }

  #access(line: AccessLine | undefined): void {
    if (!line) return;
    const { ServiceAddr: address, DownstreamStatus, OriginStatus } = line;
    const startedEpochMs = Date.parse(line.StartUTC);
    const endedEpochMs = startedEpochMs + line.Duration / NS_PER_MS;
    const lastMs = endedEpochMs - line.OriginDuration / NS_PER_MS;
    // The time that no attempt took is the wait before a further one. The log does not say so itself.
    const waited = lastMs - startedEpochMs >= RETRY_INTERVAL_MS / 2;
    const earlier = (address !== undefined && waited && this.#sentAgain.shift()) || [];
    const before = { startedEpochMs, endedEpochMs: earlier.length > 0 ? lastMs : startedEpochMs };
    const attempts: LoggedAttempt[] = earlier.map(({ status: _, ...failure }) => ({ ...failure, ...before }));
    const last = { startedEpochMs: before.endedEpochMs, endedEpochMs };
    if (address !== undefined) attempts.push({ ...this.#lastAttempt(address, OriginStatus), ...last });
    else if (DownstreamStatus === 503) attempts.push({ ...NO_ENDPOINT, ...last });
    this.ended({
      id: line['request_X-Request-Id'],
      method: line.RequestMethod,
      startedEpochMs,
      endedEpochMs,
      ...(DownstreamStatus !== CLIENT_LEFT && { status: DownstreamStatus }),
      attempts,
    });
  }

  #lastAttempt(address: string, status: number): LoggedAttempt {
    const failure = this.#failure(address, status);
    if (failure) return { address, connection: failure.connection, phase: failure.phase, error: failure.error };
    const attempt: LoggedAttempt = { address, connection: { state: 'unknown' }, phase: 'receive' };
    return status === 0 ? { ...attempt, error: 'failed' } : { ...attempt, status };
  }

  #failure(address: string, status: number): Failure | undefined {
    const fitting = this.#failures.filter((each) => each.status === status && (each.address ?? address) === address);
    const [first, ...others] = fitting;
    if (!first) return undefined;
    const unclear = others.some(({ error, phase }) => error !== first.error || phase !== first.phase);
    // Whichever this request takes, those that are left are as unclear for the others.
    if (unclear) for (const each of fitting) Object.assign(each, UNCLEAR);
    this.#failures = this.#failures.filter((other) => other !== first);
    return first;
  }
}

/** `502 Bad Gateway` with the error `dial tcp 10.0.0.7:8080: connect: connection refused`, for example. */
function failureIn({ message, error: why = message }: z.infer<typeof DebugLine>): Failure {
  const address = /(?:^dial tcp |->)(\S+): /.exec(why)?.[1];
  const dialled = why.startsWith('dial ');
  const inAnswer = message.includes('body copy');
  // Go noticed it between two requests.
  const reused = /closed idle connection|readLoopPeekFail/.test(why);
  return {
    ...(address !== undefined && { address }),
    connection: { state: dialled ? 'fresh' : reused ? 'reused' : 'unknown' },
    phase: dialled ? 'connect' : inAnswer ? 'receive' : why.includes('write tcp ') ? 'send' : 'wait',
    error: errorIn(why) ?? 'failed',
    status: inAnswer ? 0 : Number.parseInt(message, 10),
  };
}
