/** What the servers of the old pods did after SIGTERM, as far as it was observed. */
import * as z from 'zod';
import { largest, smallest } from '../extremes.ts';
import { MAX_PODS } from '../trace/cluster-record.ts';
import type { Attempt, FailedRequest } from '../trace/load-record.ts';
import { BUCKET_MS, Code, Count, DurationMs, listOf, Text } from '../trace/units.ts';
import { causeOf, decidingAttempt } from './attribution.ts';
import { endedInOrder, neverEndsSessions, wasOpenSession } from './held-sessions.ts';
import type { History } from './history.ts';
import type { PodTimeline } from './pod-timeline.ts';
import { drained, EXIT_SLACK_MS, killed, servedUntilKilled, terminatingAt } from './timeline.ts';
import { possiblePods, reachedPod } from './unseen-pod.ts';
import { isByWrapper, Wrapper, wrapperSeen } from './wrapper.ts';

export const ServerBehaviour = z.object({
  pods: Count.describe('old pods whose SIGTERM and exit were observed'),
  stopSignal: Text.describe('the signal that asked them to stop; called SIGTERM below'),
  wrapper: Wrapper.nullable().describe(
    'what runs the server; null if PID 1 is the server, or if that could not be observed',
  ),
  endedByWrapper: Count.describe(
    'pods that the wrapper ended, not the server; they are not counted as the behaviour of the server',
  ),
  endedInHook: Count.default(0).describe(
    'pods whose preStop hook ended the server, so that no SIGTERM was sent; what is said of SIGTERM is then said of the beginning of the hook',
  ),
  drained: Count.describe('pods that stopped taking new work after SIGTERM and kept running'),
  killed: Count.describe('pods ended by SIGKILL'),
  ignored: Count.describe('pods ended by SIGKILL that were not seen to drain'),
  diedOfSignal: Count.describe('pods ended by another signal'),
  deathSignals: listOf(Text, MAX_PODS).describe('those other signals'),
  exitedAtOnce: Count.describe(`pods that exited by themselves within ${EXIT_SLACK_MS} ms of SIGTERM`),
  gaveUp: z
    .object({ pods: Count, afterMs: DurationMs.describe('earliest time after SIGTERM') })
    .nullable()
    .describe('pods that exited by themselves and gave up requests in flight at SIGTERM, though not at once'),
  endless: Count.describe('pods ended by SIGKILL while they still accepted connections or answered on open ones'),
  cutAlive: Count.describe('requests that the server cut after SIGTERM while its process kept running'),
  exitedMs: DurationMs.nullable().describe('from SIGTERM to the exit of the slowest pod that exited by itself'),
  acceptsAfterSigtermMs: DurationMs.nullable().describe(
    'how long, at least, servers kept accepting connections after SIGTERM; null if none drained or answered on a late new connection',
  ),
  turnedAway: z
    .object({ fresh: Count, reused: Count, inFlight: Count, status: Code })
    .nullable()
    .describe(
      'requests that a terminating pod answered with a server error, by connection, and the status of the first',
    ),
  idleConnections: z.object({
    broken: Count.describe('requests sent on a keep-alive connection as the server closed it'),
    answeredAfterStop: Count.describe(
      `requests answered on keep-alive connections after the listener had closed, without those of the same ${BUCKET_MS} ms`,
    ),
  }),
  inFlight: z.object({ broken: Count.describe('requests in flight at SIGTERM that got no complete response') }),
  sessions: z
    .object({
      ended: Count.describe('sessions that ended in order after SIGTERM'),
      cut: Count.describe('sessions that were open at SIGTERM, or opened later, and were cut'),
      neverEnded: Count.describe('of those, the ones that a server held open until SIGKILL without ending any'),
    })
    .describe('absent if the load held no sessions open; sessions are not counted in the other numbers')
    .optional(),
  unplaced: Count.default(0).describe(
    'failed requests that may have reached one of several pods; they are not counted in the other numbers',
  ),
  late: z.object({
    answered: Count.describe(
      `answered requests that were started after SIGTERM, without those of the same ${BUCKET_MS} ms`,
    ),
    broken: Count.describe('requests started after SIGTERM that got no complete response'),
  }),
});
export type ServerBehaviour = z.infer<typeof ServerBehaviour>;

/** A request with the attempt that failed for the client. Behind a gateway, only that tells what the pod did. */
interface Failure {
  request: FailedRequest;
  attempt: Attempt;
}

interface Ending {
  history: History;
  pod: PodTimeline;
  sigtermMs: number;
  exitMs: number;
  /** What failed of the requests that were sent to it, without sessions that had been open. */
  failures: Failure[];
  /** Those sessions. */
  cutSessions: FailedRequest[];
}

export function serverBehaviour(rollouts: readonly History[]): ServerBehaviour {
  const ended = rollouts.flatMap(endings);
  const byKill = ended.filter(({ pod }) => killed(pod));
  const died = ended.filter(({ pod }) => !killed(pod) && pod.exitSignal !== undefined);
  const exited = ended.filter(({ pod }) => !killed(pod) && pod.exitSignal === undefined);
  const stopSignal = ended[0]?.pod.stopSignal ?? 'SIGTERM';
  const wrapper = wrapperSeen(rollouts, stopSignal);
  const endedByWrapper = (end: Ending) => isByWrapper(wrapper, ageAtExitMs(end), stopSignal);
  const byWrapper = exited.filter(endedByWrapper);
  const byServer = exited.filter((end) => !endedByWrapper(end));
  const gaveUpMs = byServer.flatMap((end) => gaveUpAfterMs(end) ?? []);
  const drains = ended.filter(({ pod }) => drained(pod));
  const someAnsweredNew = exited.some(answeredNew);
  const accepting = ended.filter(
    ({ pod }) => drained(pod) || (someAnsweredNew && !killed(pod) && pod.exitSignal === undefined),
  );
  const acceptedForMs = accepting.map(acceptedMs);
  const sum = (value: (end: Ending) => number) => ended.reduce((total, end) => total + value(end), 0);
  const sessions = sessionsAfterSigterm(ended);
  return {
    pods: ended.length,
    stopSignal,
    wrapper,
    endedByWrapper: byWrapper.length,
    endedInHook: ended.filter(({ pod }) => pod.hook?.outcome === 'container-ended').length,
    drained: drains.length,
    killed: byKill.length,
    ignored: byKill.filter(({ pod }) => !drained(pod)).length,
    diedOfSignal: died.length,
    deathSignals: [...new Set(died.flatMap(({ pod }) => pod.exitSignal ?? []))],
    exitedAtOnce: byServer.filter((end) => ageAtExitMs(end) <= EXIT_SLACK_MS).length,
    gaveUp: gaveUpMs.length === 0 ? null : { pods: gaveUpMs.length, afterMs: smallest(gaveUpMs) },
    endless: byKill.filter(isEndless).length,
    cutAlive: sum((end) => cutWhileAlive(end, wrapper)),
    exitedMs: exited.length === 0 ? null : largest(exited.map(ageAtExitMs)),
    acceptsAfterSigtermMs: acceptedForMs.length === 0 ? null : Math.max(0, smallest(acceptedForMs)),
    turnedAway: turnedAway(ended),
    idleConnections: {
      broken: rollouts.reduce((total, history) => total + races(history), 0),
      answeredAfterStop: sum(({ history, pod }) => answeredAfter(history, pod, pod.stoppedListeningMs)),
    },
    inFlight: { broken: sum(brokenInFlight) },
    unplaced: rollouts.reduce((total, history) => total + unplacedFailures(history), 0),
    ...(sessions && { sessions }),
    late: {
      answered: sum(({ history, pod, sigtermMs }) => answeredAfter(history, pod, sigtermMs)),
      broken: sum(({ failures, sigtermMs }) => failures.filter(({ attempt }) => attempt.startedMs >= sigtermMs).length),
    },
  };
}

function endings(history: History): Ending[] {
  const failures = new Map<string, FailedRequest[]>();
  for (const request of history.load.failures) {
    const uid = reachedPod(decidingAttempt(request), history)?.uid ?? '';
    const known = failures.get(uid);
    if (known) known.push(request);
    else failures.set(uid, [request]);
  }
  return history.pods.flatMap((pod) => {
    const { generation, sigtermMs, exitMs, uid } = pod;
    if (generation !== 'old' || sigtermMs === undefined || exitMs === undefined) return [];
    const all = failures.get(uid) ?? [];
    const isSession = (request: FailedRequest) => wasOpenSession(request, history.sessions);
    const requests = all.filter((request) => !isSession(request));
    const broken = requests.map((request) => ({ request, attempt: decidingAttempt(request) }));
    return [{ history, pod, sigtermMs, exitMs, failures: broken, cutSessions: all.filter(isSession) }];
  });
}

/** Undefined if the load held no sessions open. */
function sessionsAfterSigterm(ended: readonly Ending[]): ServerBehaviour['sessions'] {
  if (!ended.some(({ history }) => history.load.sessions !== undefined)) return undefined;
  const found = { ended: 0, cut: 0, neverEnded: 0 };
  for (const { history, pod, sigtermMs, cutSessions } of ended) {
    const own = history.sessions.byPod.get(pod.uid) ?? [];
    found.ended += own.filter((session) => endedInOrder(session) && (session.endedMs ?? 0) >= sigtermMs).length;
    const cut = cutSessions.filter(({ endedMs }) => endedMs >= sigtermMs).length;
    found.cut += cut;
    if (killed(pod) && neverEndsSessions(pod, history.sessions)) found.neverEnded += cut;
  }
  return found;
}

function isEndless({ history, pod, exitMs }: Ending): boolean {
  const { stoppedListeningMs, sigkillMs } = pod;
  // When a process is killed, its closed port is observed before its exit.
  const listenedToTheEnd = stoppedListeningMs === undefined || stoppedListeningMs >= (sigkillMs ?? exitMs);
  return listenedToTheEnd || servedUntilKilled(pod, history.lastRequests.get(pod.uid));
}

/** The server answered on a new connection that was opened well after SIGTERM. */
function answeredNew({ history, pod, sigtermMs }: Ending): boolean {
  const lastMs = history.load.newConnections?.[pod.uid]?.lastAnsweredMs;
  return lastMs !== undefined && lastMs > sigtermMs + EXIT_SLACK_MS;
}

function ageAtExitMs({ sigtermMs, exitMs }: Ending): number {
  return exitMs - sigtermMs;
}

/**
 * How long after SIGTERM the server gave up the first request in flight at that time: by exiting, by cutting it or by
 * an error response. Later requests waited in its backlog or on a connection that it no longer read; no deadline would
 * have been long enough for them. Undefined if it gave up none, or did so at once.
 */
function gaveUpAfterMs({ history, failures, sigtermMs, exitMs }: Ending): number | undefined {
  const agesMs = failures
    .filter(
      ({ request, attempt }) => attempt.startedMs < sigtermMs && causeOf(request, history) === 'no-graceful-shutdown',
    )
    .map(({ attempt }) => Math.min(attempt.endedMs, exitMs) - sigtermMs)
    .filter((ageMs) => ageMs > EXIT_SLACK_MS);
  return agesMs.length === 0 ? undefined : agesMs.reduce((least, ageMs) => Math.min(least, ageMs));
}

/** Requests cut by the server itself. Those that the wrapper ended are left out. */
function cutWhileAlive({ history, pod, failures, sigtermMs, exitMs }: Ending, wrapper: Wrapper | null): number {
  return failures.filter(
    ({ request, attempt: { error, endedMs } }) =>
      error !== 'status' &&
      endedMs >= sigtermMs &&
      endedMs < exitMs - EXIT_SLACK_MS &&
      !isByWrapper(wrapper, endedMs - sigtermMs, pod.stopSignal) &&
      causeOf(request, history) === 'no-graceful-shutdown',
  ).length;
}

/**
 * How long it accepted after SIGTERM: until it closed its port or, if earlier, until it left a new connection
 * unanswered.
 */
function acceptedMs({ pod, failures, sigtermMs, exitMs }: Ending): number {
  const refusals = failures.filter(
    ({ attempt }) => attempt.connection.state === 'fresh' && attempt.startedMs >= sigtermMs,
  );
  const firstMs = refusals.reduce((least, { attempt }) => Math.min(least, attempt.startedMs), Number.POSITIVE_INFINITY);
  return Math.min(firstMs, pod.stoppedListeningMs ?? exitMs) - sigtermMs;
}

function turnedAway(ended: readonly Ending[]): ServerBehaviour['turnedAway'] {
  const refused = ended.flatMap(({ pod, failures, sigtermMs }) =>
    failures
      .map(({ attempt }) => attempt)
      .filter(({ error, status = 0, endedMs }) => error === 'status' && status >= 500 && terminatingAt(pod, endedMs))
      .map((attempt) => ({ attempt, inFlight: attempt.startedMs < sigtermMs && attempt.endedMs >= sigtermMs })),
  );
  const [first] = refused;
  if (!first) return null;
  const count = (wanted: (refusal: (typeof refused)[number]) => boolean) => refused.filter(wanted).length;
  return {
    fresh: count(({ attempt, inFlight }) => !inFlight && attempt.connection.state === 'fresh'),
    reused: count(({ attempt, inFlight }) => !inFlight && attempt.connection.state !== 'fresh'),
    inFlight: count(({ inFlight }) => inFlight),
    status: first.attempt.status ?? 0,
  };
}

/** Nobody saw which pod they reached, and more than one is possible. */
function unplacedFailures(history: History): number {
  return history.load.failures.filter((request) => {
    const attempt = decidingAttempt(request);
    if (attempt.pod !== undefined || attempt.via !== undefined) return false;
    return possiblePods(attempt, history).length > 1;
  }).length;
}

function races(history: History): number {
  return history.load.failures.filter((request) => causeOf(request, history) === 'keep-alive-race').length;
}

/** Successes are stored per 100 ms bucket. The bucket that contains `atMs` is left out. */
function answeredAfter({ answered }: History, pod: PodTimeline, atMs: number | undefined): number {
  if (atMs === undefined) return 0;
  return (answered.get(pod.uid) ?? [])
    .filter((success) => success.bucket > Math.floor(atMs / BUCKET_MS))
    .reduce((total, success) => total + success.count, 0);
}

function brokenInFlight({ history, pod, failures, sigtermMs }: Ending): number {
  return failures.filter(
    ({ request, attempt: { phase, startedMs, endedMs } }) =>
      phase !== 'connect' &&
      startedMs < sigtermMs &&
      endedMs >= sigtermMs &&
      terminatingAt(pod, endedMs) &&
      causeOf(request, history) !== 'keep-alive-race',
  ).length;
}
