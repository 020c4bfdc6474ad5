/** The requests and sessions for this project's app, whose routes are known. */
import { InputError } from '../errors.ts';
import { projectFile } from '../project-file.ts';
import { type RequestMix, readRequestMix } from './request-mix.ts';
import { atRate, type RequestSettings, sessionScenario } from './request-settings.ts';

/** The scenarios of workload.json, and sessions on the app's routes for them. */
export const APP_SCENARIOS = ['keep-alive', 'fresh', 'slow', 'events', 'websocket'] as const;

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
    const found = whole.scenarios.find((scenario) => scenario.name === name);
    if (!found) throw new Error(`workload.json has no scenario "${name}"`);
    return found;
  });
  if (sessions !== undefined && !scenarios?.some((name) => name === 'events' || name === 'websocket')) {
    throw new InputError('--sessions: no session is opened; add events or websocket to --scenario');
  }
  return atRate(named === undefined ? whole : { ...whole, scenarios: named }, ratePerSecond);
}
