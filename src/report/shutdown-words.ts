/** What the servers did that broke requests by cause 2, in words: only what was seen of these. */
import type { ServerBehaviour } from '../analysis/server-behaviour.ts';
import { counted, preciseSeconds } from './format.ts';
import { wrapperDid } from './wrapper-words.ts';

/** A sentence; undefined where nothing of it was seen. */
export function shutdownWords(server: ServerBehaviour): string | undefined {
  const did = [...ends(server), ...whileItLived(server)];
  if (did.length === 0) return undefined;
  return `The pod had accepted it and did not finish it: ${did.join('; ')}.`;
}

/** How they ended. Where they ended in one way, what they had in flight is counted too. */
function ends(server: ServerBehaviour): string[] {
  const { stopSignal, wrapper, exitedAtOnce, gaveUp, ignored, diedOfSignal, inFlight, turnedAway } = server;
  const kept = wrapper?.fault === 'keeps-signal';
  const byWrapper = wrapper?.fault && (server.endedByWrapper > 0 || kept) ? [wrapperDid(wrapper, stopSignal)] : [];
  const byServer = [
    ...(exitedAtOnce > 0 && (inFlight.broken > 0 || turnedAway === null)
      ? [`the server exited at once on ${stopSignal}${of(exitedAtOnce, server)}`]
      : []),
    ...(gaveUp
      ? [`the server gave up ${preciseSeconds(gaveUp.afterMs)} after ${stopSignal}${of(gaveUp.pods, server)}`]
      : []),
    ...(diedOfSignal > 0 ? [`the server died of ${server.deathSignals.join(' and ')}${of(diedOfSignal, server)}`] : []),
  ];
  const [only, ...others] = byServer;
  const alone = only !== undefined && others.length + byWrapper.length + ignored + server.cutAlive === 0;
  const counts = alone && inFlight.broken > 0;
  return [
    ...byWrapper,
    ...(counts ? [`${only}, with ${counted(inFlight.broken, 'request')} in flight`] : byServer),
    ...(ignored > 0 ? [`${lastedUntilKilled(server, kept)} until SIGKILL${of(ignored, server)}`] : []),
  ];
}

/** A server that cuts or turns away has heard the signal. */
function lastedUntilKilled({ stopSignal, cutAlive, turnedAway }: ServerBehaviour, kept: boolean): string {
  if (kept) return 'it went on';
  return cutAlive > 0 || turnedAway ? 'the server did not exit' : `the server ignored ${stopSignal}`;
}

function whileItLived({ drained, cutAlive, turnedAway, stopSignal }: ServerBehaviour): string[] {
  const turned = turnedAway ? turnedAway.inFlight + turnedAway.reused : 0;
  const closed = drained > 0 ? 'closed its port and ' : '';
  return [
    ...(cutAlive > 0
      ? [`on ${stopSignal} the server ${closed}cut ${counted(cutAlive, 'request')} in flight, and lived on`]
      : []),
    ...(turned > 0 ? [`the server answered ${counted(turned, 'request')} with ${turnedAway?.status}`] : []),
  ];
}

/** Nothing where all of them did it. */
function of(pods: number, { pods: all }: ServerBehaviour): string {
  return pods === all ? '' : ` (${pods} of ${counted(all, 'pod')})`;
}
