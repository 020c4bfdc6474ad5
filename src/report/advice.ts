/** Advice in words, one thing per line. */
import type { Advice } from '../analysis/advice.ts';
import type { CauseId } from '../analysis/causes.ts';
import type { Change, ChangeId } from '../analysis/changes.ts';
import type { HookFinding } from '../analysis/hooks.ts';
import { count, percent, preciseSeconds, seconds, shortSeconds } from './format.ts';
import { AT_ONCE_MS, serverLines } from './server-lines.ts';
import { wrapperChange } from './wrapper-words.ts';

/** Above the lines of `changeLines`. */
export const CHANGES_TITLE = 'What each change alone removes:';

/** What to change, with the figures that it follows from. */
const CHANGES: Record<ChangeId, (advice: Advice) => string> = {
  replicas: () => 'at least 2 replicas and a rolling update that leaves one ready (maxSurge 1, maxUnavailable 0)',
  'graceful-shutdown': ({ server }) =>
    `a ${server.stopSignal} handler in the server that answers with Connection: close for a while, finishes the requests in flight, then exits (docs/recipes)` +
    (server.stopSignal === 'SIGTERM'
      ? '; if the server drains on another signal, set STOPSIGNAL (nginx, php-fpm: SIGQUIT)'
      : ''),
  'end-sessions': ({ server }) =>
    `in the server: on ${server.stopSignal}, close WebSockets with code 1001 and end event streams with their last chunk, well before the grace period ends (docs/sessions.md)`,
  wrapper: ({ server }) => wrapperChange(server),
  'own-deadline': ({ server, gracePeriod }) =>
    `a longer shutdown deadline in the server: it gave up ${preciseSeconds(server.gaveUp?.afterMs ?? 0)} after ${server.stopSignal}` +
    (gracePeriod ? `, although the grace period is ${shortSeconds(gracePeriod.nowSeconds)}` : ''),
  'answer-while-draining': ({ server }) =>
    `in the server: answer requests while it drains, with Connection: close, instead of ${server.turnedAway?.status ?? 'an error'}`,
  'grace-period': ({ gracePeriod }) =>
    gracePeriod
      ? `a longer terminationGracePeriodSeconds (${gracePeriod.neededSeconds})`
      : 'a longer terminationGracePeriodSeconds',
  'pre-stop': ({ preStop }) => (preStop ? `a preStop sleep of ${preStop.neededSeconds} s` : 'a preStop sleep'),
  'repair-hook': () => 'a preStop hook that works: the present one fails',
  'sleep-in-hook': () => 'a sleep at the start of the preStop hook: the present one does not wait',
  'shorter-hook': () =>
    'a preStop hook that ends well within the grace period, because preStop counts towards it; or a longer grace period',
  'connection-close': ({ server }) =>
    `in the server: Connection: close in every response for a while after ${server.stopSignal}, before it closes (docs/recipes)`,
  'keep-alive-timeout': () =>
    'in the server: a keep-alive timeout longer than that of its clients; pods that were not terminating closed idle connections',
  'readiness-probe': () => 'a readiness probe that fails until the server can answer requests',
};

/** How to remove the failures of a cause, one change per line; empty if no known change would. */
export function fixLines(cause: CauseId, advice: Advice): string[] {
  const changes = advice.changes.filter((change) => change.cause === cause);
  return changes.map((change) => {
    const share = changes.length > 1 ? `${count(change.removes)} of them: ` : '';
    return `${share}${CHANGES[change.change](advice)}`;
  });
}

/** The change in words, with the figures of the advice. */
export function changeInWords(change: ChangeId, advice: Advice): string {
  return CHANGES[change](advice);
}

/** What each change alone removes, one per line; empty if nothing failed or no known change helps. */
export function changeLines(advice: Advice): string[] {
  return advice.changes.map(
    ({ change, removes, share }: Change) =>
      `${percent(share)} of the failures (${count(removes)}): ${CHANGES[change](advice)}`,
  );
}

/** What is wrong with the preStop hooks, one per line; a report shows this before any cause. */
export function hookLines({ hooks, server }: Advice): string[] {
  return hooks.map((finding) => {
    const { container, hook, what, pods, of } = finding;
    const where = pods === of ? `at each of ${of} terminations` : `at ${pods} of ${of} terminations`;
    const subject = `preStop of container ${container} (${hook} ${what})`;
    return `${subject} ${problemInWords(finding)} ${of === 1 ? 'at the termination' : where}.${consequence(finding, server.stopSignal)}`;
  });
}

function problemInWords({ problem, exitCode, detail, tookMs }: HookFinding): string {
  if (problem === 'returned-at-once') return `returned after ${preciseSeconds(tookMs ?? 0)} without waiting`;
  if (problem === 'ended-server') return `ended the server within ${preciseSeconds(tookMs ?? 0)}`;
  if (problem === 'outlasted-grace') return 'was still running when the grace period was over';
  const why = exitCode === null ? detail : `exit code ${exitCode}${meaningOf(exitCode)}`;
  return why === null ? 'failed' : `failed (${why})`;
}

/** What these exit codes mean in a shell. */
function meaningOf(exitCode: number): string {
  if (exitCode === 127) return ': the command was not found';
  return exitCode === 126 ? ': the command is not executable' : '';
}

function consequence({ problem, asks, standIns }: HookFinding, stopSignal: string): string {
  if (problem === 'outlasted-grace') return ` ${stopSignal} came at that moment, 2 s before SIGKILL.`;
  if (problem === 'returned-at-once') return ` ${stopSignal} followed at once.`;
  if (problem === 'ended-server') return ` ${stopSignal} was not sent any more.`;
  const standIn =
    standIns.length === 0
      ? ''
      : ` ${standIns.join(', ')} did not run here: its answer on a cluster is unknown (to run it here: --exec ${standIns[0]}="COMMAND").`;
  const asked =
    asks === undefined
      ? ''
      : ` It asks container ${asks}, which gets its own stop signal at the same moment; as a native sidecar (an init container with restartPolicy: Always) ${asks} would outlast the hook.`;
  return ` Kubernetes then sends ${stopSignal} at once.${asked}${standIn}`;
}

/** What was measured, and what would be enough, one per line; empty if no rollout was seen. */
export function measuredLines(advice: Advice): string[] {
  if (advice.server.pods === 0) return [];
  const lines = [routing(advice), preStop(advice), gracePeriod(advice), ...serverLines(advice.server)];
  return lines.filter((line) => line !== undefined);
}

function routing({ routing }: Advice): string {
  if (!routing) {
    return 'Routing lag: unknown; no new connection reached a terminating pod while another was ready.';
  }
  const each =
    routing.pods.length > 1 ? ` (each pod: ${routing.pods.map(({ lagMs }) => preciseSeconds(lagMs)).join(', ')})` : '';
  const what = routing.gateway ? 'new connections, or requests of the gateway,' : 'new connections';
  return `Routing lag: ${what} reached a terminating pod until ${preciseSeconds(routing.longestMs)} after its deletion${each}.`;
}

function preStop({ preStop, routing, server }: Advice): string | undefined {
  if (!preStop) return undefined;
  const { stopSignal } = server;
  const { nowSeconds, neededSeconds, marginMs, sidecar } = preStop;
  const length = nowSeconds === 0 ? 'none' : shortSeconds(nowSeconds);
  const now = sidecar
    ? `the native sidecar served for ${shortSeconds(nowSeconds)} until the app had ended`
    : `${length} now`;
  if (neededSeconds === 0) {
    return `preStop: ${now}, and none is needed: the server keeps accepting connections for long enough after ${stopSignal}.`;
  }
  const parts = `routing lag ${seconds(routing?.longestMs ?? 0)} + margin ${seconds(marginMs)}`;
  const acceptsMs = server.acceptsAfterSigtermMs ?? 0;
  const less = acceptsMs >= AT_ONCE_MS ? ` - ${preciseSeconds(acceptsMs)} in which the server keeps accepting` : '';
  return `preStop: ${now}; ${neededSeconds} s is enough (${parts}${less}).`;
}

function gracePeriod({ gracePeriod, longestRequest, server }: Advice): string | undefined {
  if (!gracePeriod) return undefined;
  const { endless, pods } = server;
  if (endless > 0) {
    const where = endless === pods ? 'always runs out' : `ran out for ${endless} of ${pods} pods`;
    return `Grace period: ${shortSeconds(gracePeriod.nowSeconds)} now, and it ${where}: the server does not stop by itself.`;
  }
  const { nowSeconds, neededSeconds, preStopMs, drainMs, longestRequestMs, exitMs, marginMs } = gracePeriod;
  const atLeast = longestRequest?.cut ? ' or more, because it was cut' : '';
  const stop =
    exitMs > drainMs + longestRequestMs
      ? `${seconds(exitMs)} until the server has exited`
      : `drain ${seconds(drainMs)} + longest request ${seconds(longestRequestMs)}${atLeast}`;
  const parts = `preStop ${seconds(preStopMs)} + ${stop} + margin ${seconds(marginMs)}`;
  return `Grace period: ${shortSeconds(nowSeconds)} now; ${neededSeconds} s is enough${server.killed > 0 ? ' for the requests' : ''} (${parts}).`;
}
