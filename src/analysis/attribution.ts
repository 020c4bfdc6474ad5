/**
 * The cause of each broken request: a pure function of the request and the pods' timelines (cause-rules.ts has the rules).
 * A request that matches no rule is unexplained; nothing is guessed.
 */
import type { Attempt, FailedRequest } from '../trace/load-record.ts';
import { type Evidence, firstCause } from './cause-rules.ts';
import { CAUSE_IDS, type CauseId, type Explanation } from './causes.ts';
import { REACHED_MS } from './cuts.ts';
import { wasOpenSession } from './held-sessions.ts';
import { type History, historyOf, type Story } from './history.ts';
import type { PodTimeline } from './pod-timeline.ts';
import { nobodyKnownServed, possiblePods, possibleTerminatingPods } from './unseen-pod.ts';

/** The causes of a trace's failed requests, in the order of the requests. */
export function causesOf(story: Story): CauseId[] {
  const history = historyOf(story);
  return story.load.failures.map((request) => causeOf(request, history));
}

/** The cause of one failed request. */
export function causeOf(request: FailedRequest, history: History): CauseId {
  return explanationOf(request, history).cause;
}

/**
 * Why one request failed. If the pods' clocks may differ from the load's, the request is judged without an offset and with
 * the largest offset either way; unless all agree, it is unexplained. An offset within what the rules allow for anyway
 * does not count if nothing explains the request with it.
 */
export function explanationOf(request: FailedRequest, history: History): Explanation {
  const known = history.explanations.get(request);
  if (known !== undefined) return known;
  const found = explain(request, history);
  history.explanations.set(request, found);
  return found;
}

function explain(request: FailedRequest, history: History): Explanation {
  const { clockBoundMs } = history;
  const attempt = decidingAttempt(request);
  const shiftsMs = clockBoundMs === 0 ? [0] : [0, -clockBoundMs, clockBoundMs];
  const session = wasOpenSession(request, history.sessions);
  const all = shiftsMs.map((shiftMs) => fittingCauses({ attempt: shifted(attempt, shiftMs), history, session }));
  const counted = clockBoundMs <= REACHED_MS ? all.filter(explains) : all;
  const causes = new Set(counted.flatMap((found) => (found.length === 0 ? 'unexplained' : found)));
  const cause = decided([...causes]);
  const choices = cause === 'unexplained' && !causes.has(cause) ? CAUSE_IDS.filter((id) => causes.has(id)) : [];
  // The limit that ended the wait for a pod was the client's own.
  const ownLimit = cause === 'gateway' && attempt.error === 'timeout' && request.client.error === 'timeout';
  return { cause: ownLimit ? 'unexplained' : cause, undecided: choices };
}

function explains(causes: readonly CauseId[]): boolean {
  return causes.some((cause) => cause !== 'unexplained');
}

/** The only cause that fits. */
function decided([cause, ...others]: readonly CauseId[]): CauseId {
  return cause === undefined || others.length > 0 ? 'unexplained' : cause;
}

/**
 * The attempt whose outcome the client saw: the last one. A request that reached no router has no attempts; what the
 * client saw stands in for one.
 */
export function decidingAttempt({ client, attempts, startedMs, endedMs }: FailedRequest): Attempt {
  const last = attempts.at(-1);
  if (last) return last;
  const { connection, detail: _, ...seen } = client;
  return { ...seen, startedMs, endedMs, connection: { state: connection } };
}

function shifted(attempt: Attempt, byMs: number): Attempt {
  return { ...attempt, startedMs: attempt.startedMs + byMs, endedMs: attempt.endedMs + byMs };
}

/**
 * The cause of an attempt that failed on the way: a gateway sent the request again, so that the client may not have
 * noticed.
 */
export function causeOfHidden(attempt: Attempt, history: History): CauseId {
  return decided(fittingCauses({ attempt, history, session: false }));
}

/** Every cause that fits what was seen of the attempt: one if that decides it, none if no rule matches. */
function fittingCauses(unplaced: Omit<Evidence, 'pod'>): CauseId[] {
  const { attempt, history } = unplaced;
  if (attempt.pod === undefined && attempt.via === undefined) {
    return fittingUnseen(unplaced, (possible) => possiblePods(possible, history));
  }
  if (isSilence(attempt, history)) {
    return fittingUnseen(unplaced, (possible) => possibleTerminatingPods(possible, history));
  }
  const pod = attempt.pod && history.byUid.get(attempt.pod.uid);
  const causes = possibleConnections(attempt, pod, history).flatMap(
    (state) =>
      firstCause({ ...unplaced, pod, attempt: { ...attempt, connection: { ...attempt.connection, state } } }) ?? [],
  );
  return [...new Set(causes)];
}

/**
 * The state that its connection may have had, if the log of a gateway does not say. One that was never established had not
 * been used before. Once a pod has stopped listening, no connection to it is new.
 */
function possibleConnections(
  { connection: { state }, startedMs, phase, error }: Attempt,
  pod: PodTimeline | undefined,
  { cluster: { gateway } }: History,
): Connection[] {
  if (state !== 'unknown' || gateway === undefined) return [state];
  if (phase === 'connect') return ['fresh'];
  const closedMs = pod?.stoppedListeningMs;
  if (closedMs !== undefined && startedMs > closedMs && error !== 'ECONNREFUSED') return ['reused'];
  return ['fresh', 'reused'];
}

type Connection = Attempt['connection']['state'];

/** A gateway read the request and sent it to a pod on a connection that it had, and its log does not say to which. */
function isSilence({ pod, via, notProcessed, phase }: Attempt, { cluster: { gateway } }: History): boolean {
  return pod === undefined && gateway !== undefined && via === gateway.name && !notProcessed && phase === 'wait';
}

/**
 * Behind a Service's address the chosen pod is not visible. It was one of the pods that a router may have known and
 * that could not serve the request. If all of them give the same cause, that is the cause.
 */
function fittingUnseen(
  unplaced: Omit<Evidence, 'pod'>,
  podsFor: (attempt: Attempt) => readonly PodTimeline[],
): CauseId[] {
  const { attempt, history } = unplaced;
  if (attempt.phase === 'connect' && nobodyKnownServed(attempt, history)) return ['capacity'];
  const each = withEachConnection(attempt, history);
  const causes = each.flatMap((possible) =>
    podsFor(possible)
      .filter((pod) => possibleConnections(attempt, pod, history).includes(possible.connection.state))
      .flatMap((pod) => firstCause({ ...unplaced, attempt: possible, pod }) ?? []),
  );
  const otherwise = () =>
    each.flatMap((possible) => firstCause({ ...unplaced, attempt: possible, pod: undefined }) ?? []);
  return [...new Set(causes.length > 0 ? causes : otherwise())];
}

/** The attempt, once for each state that its connection may have had. */
function withEachConnection(attempt: Attempt, history: History): Attempt[] {
  const { connection } = attempt;
  return possibleConnections(attempt, undefined, history).map((state) => ({
    ...attempt,
    connection: { ...connection, state },
  }));
}
