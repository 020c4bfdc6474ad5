/** What the servers did that broke requests by cause 2, in words. Only observed behaviour is named. */
import type { ServerBehaviour } from '../analysis/server-behaviour.ts';
import { counted, preciseSeconds } from './format.ts';
import { wrapperDid } from './wrapper-words.ts';

/** One sentence; undefined if nothing was observed. */
export function shutdownWords(server: ServerBehaviour): string | undefined {
  const did = [...ends(server), ...whileItRan(server)];
  if (did.length === 0) return undefined;
  const what = server.sessions && server.inFlight.broken + server.cutAlive === 0 ? 'session' : 'request';
  return `The pod accepted the ${what} but did not ${what === 'session' ? 'end' : 'finish'} it: ${did.join('; ')}.`;
}

/** How the servers ended. If all ended in one way, the requests in flight are counted too. */
function ends(server: ServerBehaviour): string[] {
  const { stopSignal, wrapper, exitedAtOnce, gaveUp, ignored, diedOfSignal, inFlight, turnedAway } = server;
  const { cut: cutSessions = 0, neverEnded = 0 } = server.sessions ?? {};
  const kept = wrapper?.fault === 'keeps-signal';
  const byWrapper = wrapper?.fault && (server.endedByWrapper > 0 || kept) ? [wrapperDid(wrapper, stopSignal)] : [];
  const byServer = [
    ...(exitedAtOnce > 0 && (inFlight.broken > 0 || turnedAway === null)
      ? [`${exitsAtOnce(server)}${of(exitedAtOnce, server)}`]
      : []),
    ...(gaveUp
      ? [`the server gave up ${preciseSeconds(gaveUp.afterMs)} after ${stopSignal}${of(gaveUp.pods, server)}`]
      : []),
    ...(diedOfSignal > 0 ? [`the server died of ${server.deathSignals.join(' and ')}${of(diedOfSignal, server)}`] : []),
  ];
  const [only, ...others] = byServer;
  const alone = only !== undefined && others.length + byWrapper.length + ignored + server.cutAlive === 0;
  const inFlightInWords = [
    ...(inFlight.broken > 0 ? [`${counted(inFlight.broken, 'request')} in flight`] : []),
    ...(cutSessions > 0 ? [counted(cutSessions, 'open session')] : []),
  ];
  const counts = alone && inFlightInWords.length > 0;
  return [
    ...byWrapper,
    ...(counts ? [`${only}, with ${inFlightInWords.join(' and ')}`] : byServer),
    ...(ignored > 0 ? [`${lastedUntilKilled(server, kept)} until SIGKILL${of(ignored, server)}`] : []),
    ...(byServer.length + byWrapper.length + ignored + neverEnded === 0 && cutSessions > 0 && server.exitedMs !== null
      ? [
          `the server exited within ${preciseSeconds(server.exitedMs)} of ${stopSignal}, and cut ${counted(cutSessions, 'open session')}`,
        ]
      : []),
    ...(ignored === 0 && neverEnded > 0
      ? [`the server waited for ${counted(neverEnded, 'session')} that it never ended, until SIGKILL`]
      : []),
  ];
}

/** A server that cut requests or answered with errors did not ignore the signal. */
function exitsAtOnce({ endedInHook, pods, stopSignal }: ServerBehaviour): string {
  return endedInHook === pods ? 'the preStop hook ended the server' : `the server exited at once on ${stopSignal}`;
}

function lastedUntilKilled({ stopSignal, cutAlive, turnedAway }: ServerBehaviour, kept: boolean): string {
  if (kept) return 'the server kept running';
  return cutAlive > 0 || turnedAway ? 'the server did not exit' : `the server ignored ${stopSignal}`;
}

function whileItRan({ drained, cutAlive, turnedAway, stopSignal }: ServerBehaviour): string[] {
  const turned = turnedAway ? turnedAway.inFlight + turnedAway.reused : 0;
  const closed = drained > 0 ? 'closed its port and ' : '';
  return [
    ...(cutAlive > 0
      ? [`on ${stopSignal} the server ${closed}cut ${counted(cutAlive, 'request')} in flight, and kept running`]
      : []),
    ...(turned > 0 ? [`the server answered ${counted(turned, 'request')} with ${turnedAway?.status}`] : []),
  ];
}

/** Empty if all pods did it. */
function of(pods: number, { pods: all }: ServerBehaviour): string {
  return pods === all ? '' : ` (${pods} of ${counted(all, 'pod')})`;
}
