/**
 * The log of a gateway that the user installed. It has one of the common formats, recognised line by line. What its lines
 * do not say stays unknown. Pure, but for the attempts that it remembers until their request ends.
 */
import { type GatewayLog, isNotable, type LoggedAttempt, type LoggedRequest } from '../request-log.ts';
import { readCaddy } from './caddy.ts';
import { readEnvoy } from './envoy.ts';
import { readHaproxy } from './haproxy.ts';
import type { LineReader } from './log-line.ts';
import { readNginx } from './nginx.ts';
import { ID_PARAMETER } from './request-id.ts';
import { readTraefik } from './traefik.ts';

/** Traefik is before nginx: its text format begins like `combined`. */
const READERS: readonly LineReader[] = [readHaproxy, readTraefik, readEnvoy, readCaddy, readNginx];

/** How many requests' attempts are kept that have not ended yet. */
const MAX_OPEN = 20_000;

export class InstalledLog implements GatewayLog {
  /** Whether any line was about a request of the load, answered or not. */
  sawRequests = false;
  readonly #requests: LoggedRequest[] = [];
  /** The attempts of requests in flight, by the request's id. */
  readonly #open = new Map<string, LoggedAttempt[]>();

  read(line: string): void {
    if (!line.includes(ID_PARAMETER)) return;
    for (const reader of READERS) {
      const said = reader(line, (id) => this.#open.get(id) ?? []);
      if (!said) continue;
      this.sawRequests = true;
      if ('request' in said) this.#ended(said.request);
      else this.#attempt(said.id, said.attempt);
      return;
    }
  }

  requests(): readonly LoggedRequest[] {
    return this.#requests;
  }

  #attempt(id: string, attempt: LoggedAttempt): void {
    const known = this.#open.get(id);
    if (known) known.push(attempt);
    else if (this.#open.size < MAX_OPEN) this.#open.set(id, [attempt]);
  }

  #ended(request: LoggedRequest): void {
    this.#open.delete(request.id);
    if (isNotable(request)) this.#requests.push(request);
  }
}
