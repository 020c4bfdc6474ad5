/**
 * The log of a gateway that the user installed. It has one of the common formats, recognised line by line. What its lines
 * do not say stays unknown. Pure, but for the attempts that it remembers until their request ends.
 */
import { GatewayLog, InFlight, type LoggedAttempt, type LoggedRequest } from '../request-log.ts';
import { readCaddy } from './caddy.ts';
import { readEnvoy } from './envoy.ts';
import { readHaproxy } from './haproxy.ts';
import type { LineReader } from './log-line.ts';
import { readNginx } from './nginx.ts';
import { ID_PARAMETER } from './request-id.ts';
import { readTraefik } from './traefik.ts';

/** Traefik is before nginx: its text format begins like `combined`. */
const READERS: readonly LineReader[] = [readHaproxy, readTraefik, readEnvoy, readCaddy, readNginx];

export class InstalledLog extends GatewayLog {
  /** Whether any line was about a request of the load, answered or not. */
  sawRequests = false;
  readonly #attempts = new InFlight<LoggedAttempt>();
  readonly #isOurs: (request: LoggedRequest) => boolean;

  /** @param isOurs whether a request is one of the load; the log may begin with those of an earlier one */
  constructor(isOurs: (request: LoggedRequest) => boolean = () => true) {
    super();
    this.#isOurs = isOurs;
  }

  read(line: string): void {
    if (!line.includes(ID_PARAMETER)) return;
    for (const reader of READERS) {
      const said = reader(line, (id) => this.#attempts.of(id));
      if (!said) continue;
      if ('attempt' in said) this.#attempts.add(said.id, said.attempt);
      else this.#ended(said.request);
      return;
    }
  }

  #ended(request: LoggedRequest): void {
    this.#attempts.take(request.id);
    if (!this.#isOurs(request)) return;
    this.sawRequests = true;
    this.ended(request);
  }
}
