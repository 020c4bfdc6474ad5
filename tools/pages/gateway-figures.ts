/** Figures of trials through gateways, for docs/gateways.md. Pure. */
import { CAUSES, type CauseId } from '../../src/analysis/causes.ts';
import type { TrialResult } from '../../src/analysis/result.ts';
import { gatewayNamed } from '../../src/gateways/registry.ts';
import { DIRECT } from '../../src/trace/trace.ts';

/** The scenario of the request mix whose requests are GET; all others are POST. */
const GET = 'get';

export function sumOf(trials: readonly TrialResult[], value: (trial: TrialResult) => number): number {
  return trials.reduce((sum, trial) => sum + value(trial), 0);
}

/** "direct", or the gateway's title. */
export function titleOf(way: string): string {
  return way === DIRECT ? DIRECT : (gatewayNamed(way)?.title ?? way);
}

/** Failed requests by method, the failures that the gateway hid, and the pods that were replaced. */
export function failedOf(trials: readonly TrialResult[]): { post: number; get: number; hidden: number; pods: number } {
  const get = sumOf(trials, ({ failedByScenario }) => failedByScenario[GET] ?? 0);
  const hidden = ({ hiddenByGateway = [] }: TrialResult) =>
    hiddenByGateway.reduce((sum, { requests }) => sum + requests, 0);
  return {
    post: sumOf(trials, ({ failed }) => failed) - get,
    get,
    hidden: sumOf(trials, hidden),
    pods: sumOf(trials, ({ podsReplaced }) => podsReplaced),
  };
}

/** The causes that broke any request, in their order. */
export function causesIn(trials: readonly TrialResult[]): { id: CauseId; name: string }[] {
  return CAUSES.filter(({ id }) => sumOf(trials, (trial) => trial.causes[id]) > 0);
}

/** "keep-alive race 4 (by the gateway itself 4)"; "–" if nothing failed. */
export function lostBy(trials: readonly TrialResult[]): string {
  const own = sumOf(trials, ({ closedByGateway = 0 }) => closedByGateway);
  const parts = causesIn(trials).map(({ id, name }) => `${name} ${sumOf(trials, (trial) => trial.causes[id])}`);
  return parts.length === 0 ? '–' : `${parts.join(', ')}${own > 0 ? ` (by the gateway itself ${own})` : ''}`;
}

/** The least that a preStop sleep has above the measured lag, in ms: a few rollouts do not show the longest. */
const MARGIN_MS = 1000;

/** The longest lag of these trials, and a preStop sleep with a margin; undefined if no lag was seen. */
export function lagOf(trials: readonly TrialResult[]): { longestMs: number; sleepSeconds: number } | undefined {
  const lags = trials.flatMap(({ through, gatewayLagMs, routingLagMs }) => {
    const lagMs = through === DIRECT ? routingLagMs : gatewayLagMs;
    return lagMs === undefined || lagMs === null ? [] : [lagMs];
  });
  if (lags.length === 0) return undefined;
  const longestMs = Math.max(...lags);
  return { longestMs, sleepSeconds: Math.ceil((longestMs + Math.max(longestMs, MARGIN_MS)) / 1000) };
}
