/**
 * The load of a control with pauses. A gateway takes the idle connection that it used last, so single requests never meet
 * an old one. Here as many requests arrive at once as a gateway keeps connections, then none for as long as the pods keep
 * idle connections, then as many again, just when the pods close them. Pure.
 */
import { type RequestMix, type RequestScenario, requestScenarios } from '../load/request-mix.ts';

/**
 * Requests in one burst, of all methods together: nginx keeps 32 idle connections in each of its workers, and does not
 * share the requests among them evenly. The more come at once, the longer a pod takes to see that one waits on a
 * connection that it is about to close.
 */
export const BURST = 120;
/** Connections that close sooner are not kept for another request: there is nothing to race with. */
const SHORTEST_LIMIT_MS = 100;
const FEWEST_PAUSES = 4;
const MOST_PAUSES = 18;
/** All pauses together, where that allows for more than the fewest. */
export const LONGEST_PAUSES_MS = 110_000;
/** After the last burst, for its responses. */
const LAST_MS = 500;

/**
 * How much later than the limit the next burst comes, from the first to the last pause. The limit counts from the end of
 * a response, and the responses of a burst end one after the other.
 */
const EARLIEST_MS = -10;
const LATEST_MS = 41;
export interface PausedLoad {
  requestMix: RequestMix;
  bursts: number;
  /** From its beginning to its end, in ms. */
  durationMs: number;
}

/** The first requests of each method in the mix, in bursts; undefined if the pods close no idle connection. */
export function pausedLoad(requestMix: RequestMix, limitMs: number | undefined): PausedLoad | undefined {
  if (limitMs === undefined || limitMs < SHORTEST_LIMIT_MS) return undefined;
  const atMs = burstTimes(limitMs);
  const durationMs = (atMs.at(-1) as number) + LAST_MS;
  const firsts = firstOfEachMethod(requestMix);
  const size = Math.ceil(BURST / firsts.length);
  const ratePerSecond = (size * atMs.length * 1000) / durationMs;
  const scenarios = firsts.map((scenario) => ({
    ...scenario,
    name: scenario.method.toLowerCase(),
    connection: 'fresh' as const,
    ratePerSecond,
    bursts: { size, atMs },
  }));
  return {
    requestMix: { ...requestMix, scenarios },
    bursts: atMs.length,
    durationMs,
  };
}

/** When the bursts come, in ms after the beginning of the load. */
export function burstTimes(limitMs: number): number[] {
  const pauses = Math.max(FEWEST_PAUSES, Math.min(MOST_PAUSES, Math.floor(LONGEST_PAUSES_MS / limitMs)));
  const stepMs = (LATEST_MS - EARLIEST_MS) / (pauses - 1);
  const times = [0];
  for (let pause = 0; pause < pauses; pause++) {
    times.push((times.at(-1) as number) + limitMs + EARLIEST_MS + pause * stepMs);
  }
  return times;
}

function firstOfEachMethod(requestMix: RequestMix): RequestScenario[] {
  const byMethod = new Map<string, RequestScenario>();
  for (const scenario of requestScenarios(requestMix)) {
    if (!byMethod.has(scenario.method)) byMethod.set(scenario.method, scenario);
  }
  return [...byMethod.values()];
}
