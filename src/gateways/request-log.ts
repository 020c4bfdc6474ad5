/** What a gateway's log says about requests, in one form for all gateways. Times are epoch ms of the gateway's clock. */
import type { Phase } from '../trace/load-record.ts';

/** One attempt of a gateway to have a request answered. */
export interface LoggedAttempt {
  /** The upstream's address, "10.0.0.7:8080"; absent if it chose none. */
  address?: string;
  connection: { state: 'fresh' | 'reused' | 'unknown'; id?: string };
  /** Absent if only the request's own times are known. */
  startedEpochMs?: number;
  endedEpochMs?: number;
  /** How far it got. */
  phase: Phase;
  /**
   * An errno name, "closed", "timeout", "no-endpoint" if it had no upstream to send the request to, or "failed" if the log does not say how. Absent if a
   * complete answer came, whatever its status.
   */
  error?: string;
  status?: number;
  bytesReceived?: number;
}

/** The attempt of a gateway that had no upstream to send the request to. */
export const NO_ENDPOINT: LoggedAttempt = { connection: { state: 'unknown' }, phase: 'connect', error: 'no-endpoint' };
/** A failed attempt of which the log does not say how far it got. */
export const UNCLEAR = { connection: { state: 'unknown' }, phase: 'wait', error: 'failed' } satisfies LoggedAttempt;

/** A request that a gateway logged. */
export interface LoggedRequest {
  /** The x-request-id that the client sent. */
  id: string;
  method: string;
  startedEpochMs: number;
  endedEpochMs: number;
  /** The status that the client got; absent if it got none. */
  status?: number;
  /** Its times are whole seconds, or only the time of the line; the client's own take their place where they are known. */
  coarseTimes?: true;
  attempts: LoggedAttempt[];
}

/** Reads a gateway's output line by line, and keeps the requests that failed or took more than one attempt. */
export abstract class GatewayLog {
  readonly #requests: LoggedRequest[] = [];

  /** @param line one line of its output, or of its request log if it writes one */
  abstract read(line: string): void;

  requests(): readonly LoggedRequest[] {
    return this.#requests;
  }

  /** To be called for each request, once everything about it was read. */
  protected ended(request: LoggedRequest): void {
    if (isNotable(request)) this.keep(request);
  }

  protected keep(request: LoggedRequest): void {
    this.#requests.push(request);
  }
}

/** How many requests are remembered that have not ended. */
const MAX_OPEN = 20_000;

/** What a log said about requests before the line about their end. */
export class InFlight<T> {
  readonly #said = new Map<string, T[]>();

  /** @param id what the log calls the request, or the connection that has one request at a time */
  add(id: string, what: T): void {
    const known = this.#said.get(id);
    if (known) known.push(what);
    else if (this.#said.size < MAX_OPEN) this.#said.set(id, [what]);
  }

  /** What was said of the request, in its order. */
  of(id: string): readonly T[] {
    return this.#said.get(id) ?? [];
  }

  /** The same, and forgets it. */
  take(id: string): T[] {
    const said = this.#said.get(id) ?? [];
    this.#said.delete(id);
    return said;
  }
}

/** The value of a line that is JSON; undefined if it is not, or was cut. */
export function jsonLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isNotable({ status = 0, attempts }: LoggedRequest): boolean {
  return status < 200 || status >= 400 || attempts.length > 1 || attempts.some(({ error }) => error !== undefined);
}
