/** The requests and sessions for this project's app, whose routes are known. */
import { InputError } from '../errors.ts';
import { projectFile } from '../project-file.ts';
import { type RequestMix, type RequestScenario, readRequestMix } from './request-mix.ts';
import { atRate, type RequestSettings, sessionScenario } from './request-settings.ts';

/** The scenarios of workload.json, one with GET, and sessions on the app's routes for them. */
export const APP_SCENARIOS = ['keep-alive', 'fresh', 'slow', 'get', 'events', 'websocket'] as const;

/** Behind a gateway, GET is measured too: many gateways send it again where they do not send a POST again. */
export const BEHIND_GATEWAY: readonly (typeof APP_SCENARIOS)[number][] = ['keep-alive', 'fresh', 'slow', 'get'];

const GET: RequestScenario = {
  name: 'get',
  method: 'GET',
  path: '/',
  connection: 'keep-alive',
  ratePerSecond: 200,
  connections: 50,
  timeoutMs: 5000,
};

const SESSION_PATHS = { eventsPath: '/events', wsPath: '/ws' };

export interface AppMixSettings extends Pick<RequestSettings, 'ratePerSecond' | 'sessions'> {
  /** Default: those of workload.json. */
  scenarios?: readonly (typeof APP_SCENARIOS)[number][] | undefined;
}

/** @throws InputError for a setting that has no scenario to apply to */
export function appRequestMix({ scenarios, ratePerSecond, sessions }: AppMixSettings = {}): RequestMix {
  const whole = readRequestMix(projectFile('workload.json'));
  const named = scenarios?.map((name) => {
    if (name === 'events' || name === 'websocket') return sessionScenario(name, { sessions, ...SESSION_PATHS });
    if (name === 'get') return GET;
    const found = whole.scenarios.find((scenario) => scenario.name === name);
    if (!found) throw new Error(`workload.json has no scenario "${name}"`);
    return found;
  });
  if (sessions !== undefined && !scenarios?.some((name) => name === 'events' || name === 'websocket')) {
    throw new InputError('--sessions: no session is opened; add events or websocket to --scenario');
  }
  return atRate(named === undefined ? whole : { ...whole, scenarios: named }, ratePerSecond);
}
