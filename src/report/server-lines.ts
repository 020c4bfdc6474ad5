/** What the server did on SIGTERM, in words, one fact per line. */
import type { ServerBehaviour } from '../analysis/server-behaviour.ts';
import { count, counted, preciseSeconds } from './format.ts';
import { wrapperLine } from './wrapper-words.ts';

/** Shorter times would be shown as 0.00 s. */
export const AT_ONCE_MS = 10;

export function serverLines(server: ServerBehaviour): string[] {
  const { inFlight, late, cutAlive } = server;
  const stopSignal = asked(server);
  const wrapper = wrapperLine(server);
  return [
    `${stopSignal === server.stopSignal ? stopSignal : 'preStop hook'}: ${endings(server)}; ${drain(server)}.`,
    ...(wrapper === undefined ? [] : [wrapper]),
    ...(cutAlive > 0
      ? [`Cut: ${counted(cutAlive, 'request')} in flight at ${stopSignal}, while the process kept running.`]
      : []),
    `${server.sessions ? 'Requests in flight' : 'In flight'} at ${stopSignal}: ${broken(inFlight.broken)}. Started after it: ${count(late.answered)} answered, ${broken(late.broken)}.${unplaced(server)}`,
    ...sessions(server),
    ...turnedAway(server),
    idleConnections(server),
  ];
}

/** What asked the servers to stop. */
function asked({ pods, endedInHook, stopSignal }: ServerBehaviour): string {
  return endedInHook === pods ? 'the beginning of the hook' : stopSignal;
}

/** "all 3 pods exited by themselves within 0.41 s" */
function endings(server: ServerBehaviour): string {
  const { pods, killed, diedOfSignal, exitedMs, gaveUp, endedByWrapper } = server;
  const exited = pods - killed - diedOfSignal;
  const itself = exited === 1 ? ' by itself' : ' by themselves';
  const how = endedByWrapper > 0 ? 'ended' : `exited${itself}`;
  const gaveUpNote = gaveUp
    ? `, ${gaveUp.pods === exited ? 'giving up on' : `${gaveUp.pods} of them giving up on`} requests that were in flight`
    : '';
  const kinds: [number, string][] = [
    [
      exited,
      `${how} ${(exitedMs ?? 0) < AT_ONCE_MS ? 'at once' : `within ${preciseSeconds(exitedMs ?? 0)}`}${gaveUpNote}`,
    ],
    [killed, `did not exit and ${killed === 1 ? 'was' : 'were'} killed at the end of the grace period`],
    [diedOfSignal, 'died of a signal at once'],
  ];
  const seen = kinds.filter(([howMany]) => howMany > 0);
  if (seen.length === 1)
    return `${pods === 1 ? 'the pod' : pods === 2 ? 'both pods' : `all ${pods} pods`} ${seen[0]?.[1]}`;
  return seen.map(([howMany, how]) => `${howMany} of ${pods} pods ${how}`).join(', ');
}

function drain(server: ServerBehaviour): string {
  const { pods, drained, acceptsAfterSigtermMs } = server;
  if (acceptsAfterSigtermMs === null) {
    if (leftNothing(server)) return 'nothing that was in flight failed';
    return pods === 1 ? 'it did not drain' : 'none drained';
  }
  if (drained === 0) {
    return `${pods === 1 ? 'it' : 'they'} kept accepting new connections for ${preciseSeconds(acceptsAfterSigtermMs)}`;
  }
  const who = drained === pods ? (pods === 1 ? 'it' : 'all') : `${drained} of them`;
  const afterMs = preciseSeconds(acceptsAfterSigtermMs);
  if (server.endless > 0 && server.endless === server.killed) {
    return server.idleConnections.answeredAfterStop > 0
      ? `${who} stopped accepting new connections after ${afterMs}, and kept answering on open ones`
      : `${who} kept accepting new connections until the end`;
  }
  // It drained only if nothing in flight failed.
  return server.inFlight.broken + (server.sessions?.cut ?? 0) > 0
    ? `${who} stopped accepting new connections after ${afterMs}`
    : `${who} drained, accepting new connections for ${afterMs}`;
}

/** The servers exited by themselves, too soon for a drain to be observed, and cut nothing: they may have drained. */
function leftNothing(server: ServerBehaviour): boolean {
  const { killed, diedOfSignal, gaveUp, cutAlive, inFlight, unplaced, sessions } = server;
  return killed + diedOfSignal + cutAlive + inFlight.broken + unplaced + (sessions?.cut ?? 0) === 0 && gaveUp === null;
}

function unplaced({ unplaced: howMany }: ServerBehaviour): string {
  if (howMany === 0) return '';
  return ` Not counted here: ${count(howMany)} that failed and may have reached one of several pods.`;
}

/** Sessions have no end of their own: what matters is who ended them, and how. */
function sessions({ sessions, stopSignal }: ServerBehaviour): string[] {
  if (!sessions) return [];
  const { ended, cut, neverEnded } = sessions;
  const held =
    neverEnded === 0
      ? ''
      : neverEnded === cut
        ? ', all of them by SIGKILL'
        : `, ${count(neverEnded)} of them by SIGKILL`;
  return [`Sessions after ${stopSignal}: ${count(ended)} ended in order, ${count(cut)} were cut${held}.`];
}

function turnedAway({ turnedAway, stopSignal }: ServerBehaviour): string[] {
  if (!turnedAway) return [];
  const { fresh, reused, inFlight, status } = turnedAway;
  const parts = [
    ...(fresh > 0 ? [`${count(fresh)} on new connections (a preStop sleep keeps those away)`] : []),
    ...(reused > 0 ? [`${count(reused)} on keep-alive connections (only the server can serve those)`] : []),
    ...(inFlight > 0 ? [`${count(inFlight)} that were in flight at ${stopSignal}`] : []),
  ];
  return [
    `Turned away: terminating pods answered ${status} to ${counted(fresh + reused + inFlight, 'request')}: ${parts.join(', ')}.`,
  ];
}

function idleConnections({ idleConnections: { broken: met, answeredAfterStop } }: ServerBehaviour): string {
  const after =
    answeredAfterStop > 0
      ? `; ${counted(answeredAfterStop, 'request')} ${answeredAfterStop === 1 ? 'was' : 'were'} answered on them after the server had stopped listening`
      : '';
  return `Idle keep-alive connections: ${met === 0 ? 'no request' : counted(met, 'request')} sent on one just as it was closed${after}.`;
}

function broken(howMany: number): string {
  return howMany === 0 ? 'none failed' : `${count(howMany)} failed`;
}
