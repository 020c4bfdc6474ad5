/** The request mix for a service about which only the flags are known. */
import { InputError } from '../errors.ts';
import { printable } from '../printable.ts';
import { firstIssue } from '../schema-issue.ts';
import { pathProblem, type RequestMix, readRequestMix, Scenario, scaleRequestMix, totalRate } from './request-mix.ts';

export const CONNECTIONS = ['keep-alive', 'fresh'] as const;

export interface RequestSettings {
  path?: string | undefined;
  method?: Scenario['method'] | undefined;
  body?: string | undefined;
  /** In total over all scenarios. */
  ratePerSecond?: number | undefined;
  /** One scenario for each kind of connection. */
  scenarios?: readonly (typeof CONNECTIONS)[number][] | undefined;
}

const DEFAULT_RATE_PER_S = 200;
/** At the default rate each connection is used every 200 ms, which is shorter than almost any server's idle timeout. */
const CONNECTIONS_PER_SCENARIO = 20;
const TIMEOUT_MS = 10_000;

/**
 * The same request in each scenario, at equal rates; by default GET / on keep-alive and on new connections.
 * @throws InputError if the request cannot be sent
 */
export function requestMixFromSettings(settings: RequestSettings): RequestMix {
  const { path = '/', body, ratePerSecond = DEFAULT_RATE_PER_S, scenarios = CONNECTIONS } = settings;
  const method = settings.method ?? (body === undefined ? 'GET' : 'POST');
  const problem = pathProblem(path);
  if (problem !== undefined) throw new InputError(`--path "${printable(path.slice(0, 200))}": ${problem}`);
  return {
    format: 'k8s-rollout-test/workload/1',
    scenarios: scenarios.map((connection) => {
      const scenario = Scenario.safeParse({
        name: connection,
        method,
        path,
        body,
        connection,
        ratePerSecond: ratePerSecond / scenarios.length,
        connections: CONNECTIONS_PER_SCENARIO,
        timeoutMs: TIMEOUT_MS,
      });
      if (!scenario.success) throw new InputError(`the request: ${firstIssue(scenario.error)}`);
      return scenario.data;
    }),
  };
}

/** The request mix of the file, if one is given; otherwise that of the settings. */
export function requestMixFrom(settings: RequestSettings & { workload?: string | undefined }): RequestMix {
  if (settings.workload === undefined) return requestMixFromSettings(settings);
  return atRate(readRequestMix(settings.workload), settings.ratePerSecond);
}

/** A request mix at another rate; unchanged if none is given. */
export function atRate(requestMix: RequestMix, ratePerSecond: number | undefined): RequestMix {
  return scaleRequestMix(requestMix, ratePerSecond ?? totalRate(requestMix));
}
