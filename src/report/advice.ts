/** Advice in words, one thing a line. */
import type { Advice, Change } from '../analysis/advice.ts';
import { count, percent, seconds } from './format.ts';

/** Above the lines of `changeLines`. */
export const CHANGES_TITLE = 'What each change alone removes:';

const CHANGES: Record<Change['change'], string> = {
  replicas: 'at least 2 replicas and a rolling update that leaves one ready (maxSurge 1, maxUnavailable 0)',
  'graceful-shutdown': 'a SIGTERM handler in the server: finish what is under way, then exit (docs/recipes)',
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
  if (!routing) return 'Routing lag: not known, no stopping pod was sent a new connection while another was ready.';
  const each =
    routing.pods.length > 1 ? ` (each pod: ${routing.pods.map(({ lagMs }) => seconds2(lagMs)).join(', ')})` : '';
  return `Routing lag: new connections reached a stopping pod until ${seconds2(routing.longestMs)} after its deletion${each}.`;
}

function preStop({ preStop }: Advice): string | undefined {
  if (!preStop) return undefined;
  const { nowSeconds, neededSeconds, marginMs } = preStop;
  const now = nowSeconds === 0 ? 'has none' : `has ${nowSeconds} s`;
  if (neededSeconds === 0)
    return `preStop: ${now}; the server needs none, it accepts connections for long enough after SIGTERM.`;
  return `preStop: ${now}; ${neededSeconds} s is enough (the lag + margin ${seconds(marginMs)}, less the time the server accepts after SIGTERM).`;
}

function gracePeriod({ gracePeriod, longestRequest }: Advice): string | undefined {
  if (!gracePeriod) return undefined;
  const { nowSeconds, neededSeconds, preStopMs, drainMs, longestRequestMs, marginMs } = gracePeriod;
  const atLeast = longestRequest?.cut ? ' at least, it was cut' : '';
  const parts = `preStop ${seconds(preStopMs)} + drain ${seconds(drainMs)} + longest request ${seconds(longestRequestMs)}${atLeast} + margin ${seconds(marginMs)}`;
  return `Grace period: has ${nowSeconds} s; ${neededSeconds} s is enough (${parts}).`;
}

function server({ server }: Advice): string[] {
  const { pods, killed, diedOfSignal, exitedMs, acceptsAfterSigtermMs, idleConnections, inFlight, late } = server;
  const exited = pods - killed - diedOfSignal;
  const ends = [
    ...(exited > 0 && exitedMs !== null ? [`${exited} exited by themselves, within ${seconds2(exitedMs)}`] : []),
    ...(killed > 0 ? [`${killed} did not exit and were killed at the end of the grace period`] : []),
    ...(diedOfSignal > 0 ? [`${diedOfSignal} died of it`] : []),
  ];
  const drain =
    acceptsAfterSigtermMs === null
      ? 'none was seen to drain'
      : `${server.drained} drained, accepting connections for ${seconds2(acceptsAfterSigtermMs)} more`;
  return [
    `SIGTERM: of ${pods} pods, ${ends.join(', ')}; ${drain}.`,
    `In flight at SIGTERM: ${broken(inFlight.broken)}. Started after it: ${count(late.answered)} answered, ${broken(late.broken)}.`,
    `Idle kept connections: ${idleConnections.broken === 0 ? 'no request met one being closed' : `${count(idleConnections.broken)} requests met one being closed`}${
      idleConnections.answeredAfterStop > 0
        ? `; ${count(idleConnections.answeredAfterStop)} requests were answered on them after the server had stopped listening`
        : ''
    }.`,
  ];
}

function broken(requests: number): string {
  return requests === 0 ? 'none broke' : `${count(requests)} broke`;
}

/** Two decimals: most of these times are below a second. */
function seconds2(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
