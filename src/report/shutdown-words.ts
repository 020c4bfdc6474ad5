/** What the servers did that broke requests by cause 2, in words: only what was seen of these. */
import type { ServerBehaviour } from '../analysis/server-behaviour.ts';
import { counted, preciseSeconds } from './format.ts';
import { wrapperDid } from './wrapper-words.ts';

/** A sentence; undefined where nothing of it was seen. */
export function shutdownWords(server: ServerBehaviour): string | undefined {
  const did = doings(server);
  if (did.length === 0) return undefined;
  return `The pod had accepted it and did not finish it: ${did.join('; ')}.`;
}

function doings(server: ServerBehaviour): string[] {
  const { stopSignal, wrapper, exitedAtOnce, gaveUp, ignored, diedOfSignal, cutAlive, turnedAway } = server;
  const kept = wrapper?.fault === 'keeps-signal';
  const turned = turnedAway ? turnedAway.inFlight + turnedAway.reused : 0;
  return [
    ...(wrapper?.fault && (server.endedByWrapper > 0 || kept) ? [wrapperDid(wrapper, stopSignal)] : []),
    ...(exitedAtOnce > 0 ? [`the server exited at once on ${stopSignal}${of(exitedAtOnce, server)}`] : []),
    ...(gaveUp
      ? [`the server gave up ${preciseSeconds(gaveUp.afterMs)} after ${stopSignal}${of(gaveUp.pods, server)}`]
      : []),
    ...(ignored > 0
      ? [`${kept ? 'it went on' : `the server ignored ${stopSignal}`} until SIGKILL${of(ignored, server)}`]
      : []),
    ...(diedOfSignal > 0 ? [`the server died of ${stopSignal}${of(diedOfSignal, server)}`] : []),
    ...(cutAlive > 0 ? [`the server cut ${counted(cutAlive, 'request')} while it lived on`] : []),
    ...(turned > 0 ? [`the server turned ${counted(turned, 'request')} away with ${turnedAway?.status}`] : []),
  ];
}

/** Nothing where all of them did it. */
function of(pods: number, { pods: all }: ServerBehaviour): string {
  return pods === all ? '' : ` (${pods} of ${all} pods)`;
}
