/** Advice in words, one thing a line. */
import type { Advice, Change } from '../analysis/advice.ts';
import { count, counted, percent, preciseSeconds, seconds, shortSeconds } from './format.ts';

/** Above the lines of `changeLines`. */
export const CHANGES_TITLE = 'What each change alone removes:';

const CHANGES: Record<Change['change'], string> = {
  replicas: 'at least 2 replicas and a rolling update that leaves one ready (maxSurge 1, maxUnavailable 0)',
  'graceful-shutdown':
    'a SIGTERM handler in the server that finishes the requests in flight and then exits (docs/recipes)',
  'grace-period': 'a longer terminationGracePeriodSeconds',
  'pre-stop': 'a preStop sleep',
  'connection-close':
    'Connection: close in every response for a while after SIGTERM, before the server closes (docs/recipes)',
  'readiness-probe': 'a readiness probe that fails until the server can serve',
};

/** The lines that there is something to say about; empty when no rollout was seen. */
export function adviceLines(advice: Advice): string[] {
  if (advice.server.pods === 0) return [];
  const changes = changeLines(advice);
  return [
    ...(changes.length > 0 ? [CHANGES_TITLE, ...indented(changes), ''] : []),
    'Measured:',
    ...indented(measuredLines(advice)),
  ];
}

/** What each change alone removes, one a line; empty where nothing failed or no change is known to help. */
export function changeLines({ changes }: Advice): string[] {
  return changes.map(
    ({ change, removes, share }) => `${percent(share)} of the failures (${count(removes)}): ${CHANGES[change]}`,
  );
}

/** What was measured, and what would be enough, one a line; empty when no rollout was seen. */
export function measuredLines(advice: Advice): string[] {
  if (advice.server.pods === 0) return [];
  const lines = [routing(advice), preStop(advice), gracePeriod(advice), ...server(advice)];
  return lines.filter((line) => line !== undefined);
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function routing({ routing }: Advice): string {
  if (!routing) return 'Routing lag: unknown; no new connection reached a terminating pod while another was ready.';
  const lags = routing.pods.map(({ lagMs }) => preciseSeconds(lagMs));
  const each = lags.length > 1 ? ` (each pod: ${lags.join(', ')})` : '';
  const longest = preciseSeconds(routing.longestMs);
  return `Routing lag: new connections reached a terminating pod until ${longest} after its deletion${each}.`;
}

function preStop({ preStop }: Advice): string | undefined {
  if (!preStop) return undefined;
  const { nowSeconds, neededSeconds, marginMs } = preStop;
  const now = nowSeconds === 0 ? 'none' : shortSeconds(nowSeconds);
  if (neededSeconds === 0)
    return `preStop: ${now} now, and none is needed: the server accepts connections for long enough after SIGTERM.`;
  return `preStop: ${now} now; ${neededSeconds} s is enough (routing lag + margin ${seconds(marginMs)} - the time the server accepts connections after SIGTERM).`;
}

function gracePeriod({ gracePeriod, longestRequest }: Advice): string | undefined {
  if (!gracePeriod) return undefined;
  const { nowSeconds, neededSeconds, preStopMs, drainMs, longestRequestMs, marginMs } = gracePeriod;
  const atLeast = longestRequest?.cut ? ' (at least: it was cut)' : '';
  const parts = `preStop ${seconds(preStopMs)} + drain ${seconds(drainMs)} + longest request ${seconds(longestRequestMs)}${atLeast} + margin ${seconds(marginMs)}`;
  return `Grace period: ${shortSeconds(nowSeconds)} now; ${neededSeconds} s is enough (${parts}).`;
}

function server({ server }: Advice): string[] {
  const { pods, killed, diedOfSignal, exitedMs, acceptsAfterSigtermMs, idleConnections, inFlight, late } = server;
  const exited = pods - killed - diedOfSignal;
  const one = (pods: number, singular: string, plural: string) => (pods === 1 ? singular : plural);
  const ends = [
    ...(exited > 0 && exitedMs !== null
      ? [`${count(exited)} exited by ${one(exited, 'itself', 'themselves')} within ${preciseSeconds(exitedMs)}`]
      : []),
    ...(killed > 0
      ? [`${count(killed)} did not exit and ${one(killed, 'was', 'were')} killed at the end of the grace period`]
      : []),
    ...(diedOfSignal > 0 ? [`${count(diedOfSignal)} died of it`] : []),
  ];
  const drain =
    acceptsAfterSigtermMs === null
      ? 'none was seen to drain'
      : `${count(server.drained)} drained and accepted connections for ${preciseSeconds(acceptsAfterSigtermMs)} more`;
  const closing =
    idleConnections.broken === 0
      ? 'no request arrived on one as it closed'
      : `${counted(idleConnections.broken, 'request')} arrived on one as it closed`;
  const answered =
    idleConnections.answeredAfterStop === 0
      ? ''
      : `; ${counted(idleConnections.answeredAfterStop, 'request')} ${one(idleConnections.answeredAfterStop, 'was', 'were')} answered on them after the server stopped listening`;
  return [
    `SIGTERM: ${counted(pods, 'pod')} got it: ${[...ends, drain].join(', ')}.`,
    `In flight at SIGTERM: ${broken(inFlight.broken)}. Started after it: ${count(late.answered)} answered, ${broken(late.broken)}.`,
    `Idle keep-alive connections: ${closing}${answered}.`,
  ];
}

function broken(requests: number): string {
  return requests === 0 ? 'none broke' : `${count(requests)} broke`;
}
