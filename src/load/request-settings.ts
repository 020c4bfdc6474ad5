/** The request mix for a service about which only the flags are known. */
import { InputError } from '../errors.ts';
import { printable } from '../printable.ts';
import { firstIssue } from '../schema-issue.ts';
import {
  pathProblem,
  type RequestMix,
  type RequestScenario,
  readRequestMix,
  Scenario,
  SESSION_KINDS,
  type SessionScenario,
  scaleRequestMix,
  totalRate,
} from './request-mix.ts';

const REQUEST_KINDS = ['keep-alive', 'fresh'] as const;
export const CONNECTIONS = [...REQUEST_KINDS, ...SESSION_KINDS] as const;

export interface RequestSettings {
  path?: string | undefined;
  /** The path of event streams; default: `path`. */
  eventsPath?: string | undefined;
  /** The path of WebSockets; default: `path`. */
  wsPath?: string | undefined;
  method?: RequestScenario['method'] | undefined;
  body?: string | undefined;
  /** In total over all scenarios. */
  ratePerSecond?: number | undefined;
  /** How many sessions each of those scenarios holds open. */
  sessions?: number | undefined;
  /** One scenario for each kind of connection. */
  scenarios?: readonly (typeof CONNECTIONS)[number][] | undefined;
}

const DEFAULT_RATE_PER_S = 200;
/** At the default rate each connection is used every 200 ms, which is shorter than almost any server's idle timeout. */
const CONNECTIONS_PER_SCENARIO = 20;
export const DEFAULT_SESSIONS = 100;
const TIMEOUT_MS = 10_000;

/**
 * The same request in each scenario, at equal rates, and the same number of sessions in each of those; by default GET /
 * on keep-alive and on new connections.
 * @throws InputError if the request cannot be sent, or if a setting has no scenario to apply to
 */
export function requestMixFromSettings(settings: RequestSettings): RequestMix {
  const { path = '/', body, ratePerSecond = DEFAULT_RATE_PER_S, scenarios = REQUEST_KINDS } = settings;
  assertApplicable(settings, scenarios);
  const requests = scenarios.filter((connection) => !isSessionKind(connection)).length;
  return {
    format: 'k8s-rollout-test/workload/1',
    scenarios: scenarios.map((connection) =>
      isSessionKind(connection)
        ? sessionScenario(connection, settings)
        : valid({
            name: connection,
            method: settings.method ?? (body === undefined ? 'GET' : 'POST'),
            path: usable(path, 'path'),
            body,
            connection,
            ratePerSecond: ratePerSecond / requests,
            connections: CONNECTIONS_PER_SCENARIO,
            timeoutMs: TIMEOUT_MS,
          }),
    ),
  };
}

/** Sessions of that kind; by default 100 at /. */
export function sessionScenario(
  connection: SessionScenario['connection'],
  { path = '/', eventsPath, wsPath, sessions = DEFAULT_SESSIONS }: RequestSettings,
): Scenario {
  const [own, flag] = connection === 'events' ? [eventsPath, 'events-path'] : [wsPath, 'ws-path'];
  return valid({
    name: connection,
    path: usable(own ?? path, own === undefined ? 'path' : flag),
    connection,
    connections: sessions,
    timeoutMs: TIMEOUT_MS,
  });
}

/** The request mix of the file, if one is given; otherwise that of the settings. */
export function requestMixFrom(settings: RequestSettings & { workload?: string | undefined }): RequestMix {
  if (settings.workload === undefined) return requestMixFromSettings(settings);
  return atRate(readRequestMix(settings.workload), settings.ratePerSecond);
}

/**
 * A request mix at another rate; unchanged if none is given.
 * @throws InputError if the mix has no requests
 */
export function atRate(requestMix: RequestMix, ratePerSecond: number | undefined): RequestMix {
  if (ratePerSecond === undefined) return requestMix;
  if (totalRate(requestMix) === 0) throw notApplicable('rate', 'no scenario sends requests, only sessions are opened');
  return scaleRequestMix(requestMix, ratePerSecond);
}

function assertApplicable(settings: RequestSettings, scenarios: readonly (typeof CONNECTIONS)[number][]): void {
  const { method, body, ratePerSecond, sessions, eventsPath, wsPath } = settings;
  if (scenarios.every(isSessionKind)) {
    const [stray] =
      Object.entries({ method, body, rate: ratePerSecond }).find(([, value]) => value !== undefined) ?? [];
    if (stray) throw notApplicable(stray, 'only sessions are opened; add keep-alive or fresh to --scenario');
  }
  const lacking: [flag: string, value: unknown, kinds: readonly string[]][] = [
    ['sessions', sessions, SESSION_KINDS],
    ['events-path', eventsPath, ['events']],
    ['ws-path', wsPath, ['websocket']],
  ];
  for (const [flag, value, kinds] of lacking) {
    if (value !== undefined && !scenarios.some((connection) => kinds.includes(connection))) {
      throw notApplicable(flag, `no session is opened; add ${kinds.join(' or ')} to --scenario`);
    }
  }
}

function notApplicable(flag: string, why: string): InputError {
  return new InputError(`--${flag}: ${why}`);
}

function isSessionKind(connection: (typeof CONNECTIONS)[number]): connection is SessionScenario['connection'] {
  return SESSION_KINDS.some((kind) => kind === connection);
}

function usable(path: string, flag: string): string {
  const problem = pathProblem(path);
  if (problem !== undefined) throw new InputError(`--${flag} "${printable(path.slice(0, 200))}": ${problem}`);
  return path;
}

function valid(fields: Record<string, unknown>): Scenario {
  const scenario = Scenario.safeParse(fields);
  if (!scenario.success) throw new InputError(`the request: ${firstIssue(scenario.error)}`);
  return scenario.data;
}
