/** Advice in words, one thing a line. */
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
    `a ${server.stopSignal} handler in the server that answers with Connection: close for a while, finishes what is in flight, then exits (docs/recipes)` +
    (server.stopSignal === 'SIGTERM'
      ? '; or STOPSIGNAL, where it drains on another signal (nginx, php-fpm: SIGQUIT)'
      : ''),
  wrapper: ({ server }) => wrapperChange(server),
  'own-deadline': ({ server, gracePeriod }) =>
    `a longer deadline in the server itself: it gave up ${preciseSeconds(server.gaveUp?.afterMs ?? 0)} after ${server.stopSignal} on its own` +
    (gracePeriod ? `, with a grace period of ${shortSeconds(gracePeriod.nowSeconds)}` : ''),
  'answer-while-draining': ({ server }) =>
    `in the server: answer requests while it drains, with Connection: close, instead of ${server.turnedAway?.status ?? 'an error'}`,
  'grace-period': ({ gracePeriod }) =>
    gracePeriod
      ? `a longer terminationGracePeriodSeconds (${gracePeriod.neededSeconds})`
      : 'a longer terminationGracePeriodSeconds',
  'pre-stop': ({ preStop }) => (preStop ? `a preStop sleep of ${preStop.neededSeconds} s` : 'a preStop sleep'),
  'repair-hook': () => 'a preStop hook that works: the one there is fails',
  'sleep-in-hook': () => 'a sleep at the beginning of the preStop hook: the one there is does not wait',
  'shorter-hook': () =>
    'a preStop hook that ends well within the grace period, since preStop counts towards it, or a grace period longer than both the hook and the server need',
  'connection-close': ({ server }) =>
    `in the server: Connection: close in every response for a while after ${server.stopSignal}, before it closes (docs/recipes)`,
  'keep-alive-timeout': () =>
    'in the server: a keep-alive timeout longer than that of its clients; it closed idle connections of pods that were not terminating',
  'readiness-probe': () => 'a readiness probe that fails until the server can answer requests',
};

/** How to remove the failures of a cause, one change a line; empty where no change is known that would. */
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

/** What each change alone removes, one a line; empty where nothing failed or no change is known to help. */
export function changeLines(advice: Advice): string[] {
  return advice.changes.map(
    ({ change, removes, share }: Change) =>
      `${percent(share)} of the failures (${count(removes)}): ${CHANGES[change](advice)}`,
  );
}

/** What is wrong with the preStop hooks, one a line; that comes before any cause. */
export function hookLines({ hooks, server }: Advice): string[] {
  return hooks.map((finding) => {
    const { container, hook, what, pods, of } = finding;
    const where = pods === of ? `at each of ${of} terminations` : `at ${pods} of ${of} terminations`;
    const subject = `preStop of container ${container} (${hook} ${what})`;
    return `${subject} ${problemInWords(finding)} ${of === 1 ? 'at the termination' : where}.${consequence(finding, server.stopSignal)}`;
  });
}

function problemInWords({ problem, exitCode, detail, tookMs }: HookFinding): string {
  if (problem === 'returned-at-once') return `returned after ${preciseSeconds(tookMs ?? 0)} and waited for nothing`;
  if (problem === 'outlasted-grace') return 'was still running when the grace period was over';
  const why = exitCode === null ? detail : `exit code ${exitCode}${meaningOf(exitCode)}`;
  return why === null ? 'failed' : `failed (${why})`;
}

/** What a shell says by these codes. */
function meaningOf(exitCode: number): string {
  if (exitCode === 127) return ': the command was not found';
  return exitCode === 126 ? ': the command is not executable' : '';
}

function consequence({ problem, standIns }: HookFinding, stopSignal: string): string {
  if (problem === 'outlasted-grace') return ` ${stopSignal} came only then, with 2 s left until SIGKILL.`;
  if (problem === 'returned-at-once') return ` ${stopSignal} followed at once.`;
  const standIn =
    standIns.length === 0
      ? ''
      : ` ${standIns.join(', ')} did not run here: what it answers on a cluster is not known (--exec ${standIns[0]}="COMMAND").`;
  return ` Kubernetes sends ${stopSignal} at once then.${standIn}`;
}

/** What was measured, and what would be enough, one a line; empty when no rollout was seen. */
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
  return `Routing lag: new connections reached a terminating pod until ${preciseSeconds(routing.longestMs)} after its deletion${each}.`;
}

function preStop({ preStop, routing, server }: Advice): string | undefined {
  if (!preStop) return undefined;
  const { stopSignal } = server;
  const { nowSeconds, neededSeconds, marginMs } = preStop;
  const now = nowSeconds === 0 ? 'none' : shortSeconds(nowSeconds);
  if (neededSeconds === 0) {
    return `preStop: ${now} now, and none is needed: the server accepts connections for long enough after ${stopSignal}.`;
  }
  const parts = `routing lag ${seconds(routing?.longestMs ?? 0)} + margin ${seconds(marginMs)}`;
  const acceptsMs = server.acceptsAfterSigtermMs ?? 0;
  const less = acceptsMs >= AT_ONCE_MS ? ` - ${preciseSeconds(acceptsMs)} in which the server goes on accepting` : '';
  return `preStop: ${now} now; ${neededSeconds} s is enough (${parts}${less}).`;
}

function gracePeriod({ gracePeriod, longestRequest, server }: Advice): string | undefined {
  if (!gracePeriod) return undefined;
  const { endless, pods } = server;
  if (endless > 0) {
    const where = endless === pods ? 'always runs out' : `ran out for ${endless} of ${pods} pods`;
    return `Grace period: ${shortSeconds(gracePeriod.nowSeconds)} now, and it ${where}: the server does not stop by itself.`;
  }
  const { nowSeconds, neededSeconds, preStopMs, drainMs, longestRequestMs, exitMs, marginMs } = gracePeriod;
  const atLeast = longestRequest?.cut ? ' at least, it was cut' : '';
  const stop =
    exitMs > drainMs + longestRequestMs
      ? `${seconds(exitMs)} until the server has exited`
      : `drain ${seconds(drainMs)} + longest request ${seconds(longestRequestMs)}${atLeast}`;
  const parts = `preStop ${seconds(preStopMs)} + ${stop} + margin ${seconds(marginMs)}`;
  return `Grace period: ${shortSeconds(nowSeconds)} now; ${neededSeconds} s is enough${server.killed > 0 ? ' for the requests' : ''} (${parts}).`;
}
