/** What a control with pauses showed: how many requests were lost on idle connections that the pods closed. Pure. */
import * as z from 'zod';
import type { FailedRequest } from '../trace/load-record.ts';
import { Pauses, type Trace } from '../trace/trace.ts';
import { Count, listOf, Text } from '../trace/units.ts';
import { causeOf, decidingAttempt } from './attribution.ts';
import type { History } from './history.ts';

const MAX_METHODS = 10;

export const PausesFigures = Pauses.extend({
  methods: listOf(
    z.object({
      method: Text.describe('the HTTP method'),
      requests: Count.describe('all requests that were started'),
      lost: Count.describe('those that failed because a pod closed the idle connection that they were sent on'),
      refused: Count.describe(
        'those that the gateway sent to no pod: it takes a pod that closed a connection for broken for a while',
      ),
    }),
    MAX_METHODS,
  ).describe('empty if there were no bursts'),
});
export type PausesFigures = z.infer<typeof PausesFigures>;

/** Undefined for any other trial. Each scenario of such a load has one method, and its name in lower case. */
export function pausesFigures({ pauses, load }: Trace, history: History): PausesFigures | undefined {
  if (pauses === undefined) return undefined;
  const counts = new Map<string, { requests: number; lost: number; refused: number }>();
  const of = (scenario: string) => {
    const count = counts.get(scenario) ?? { requests: 0, lost: 0, refused: 0 };
    counts.set(scenario, count);
    return count;
  };
  for (const { scenario, count } of load.successes) of(scenario).requests += count;
  for (const request of load.failures) {
    const count = of(request.scenario);
    count.requests++;
    const finding = findingOf(request, history);
    if (finding !== undefined) count[finding]++;
  }
  const methods = [...counts].map(([scenario, count]) => ({ method: scenario.toUpperCase(), ...count }));
  return { ...pauses, methods: pauses.bursts === undefined ? [] : methods.slice(0, MAX_METHODS) };
}

/** What a request that failed shows about idle connections; undefined if nothing, so that the control is not valid. */
export function findingOf(request: FailedRequest, history: History): 'lost' | 'refused' | undefined {
  const cause = causeOf(request, history);
  if (cause === 'keep-alive-race') return 'lost';
  return cause === 'gateway' && decidingAttempt(request).error === 'no-endpoint' ? 'refused' : undefined;
}
