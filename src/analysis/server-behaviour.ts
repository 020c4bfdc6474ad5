/** What the server of the old pods did with SIGTERM, as far as it was seen. */
import { z } from 'zod';
import type { FailedRequest } from '../trace/load-record.ts';
import { BUCKET_MS } from '../trace/units.ts';
import { causeOf, decidingAttempt } from './attribution.ts';
import type { History } from './history.ts';
import type { PodLife } from './pod-life.ts';
import { drained, EXIT_SLACK_MS, killed, terminatingAt } from './timeline.ts';
import { isByWrapper, Wrapper, wrapperSeen } from './wrapper.ts';

const Count = z.int().min(0);

export const ServerBehaviour = z.object({
  pods: Count.describe('old pods that were seen to their end'),
  stopSignal: z.string().describe('the signal that asked them to stop; called SIGTERM in what follows'),
  wrapper: Wrapper.nullable().describe(
    'what runs the server; null where PID 1 is the server, or where nobody could see',
  ),
  endedByWrapper: Count.describe(
    'pods that the wrapper ended, and not the server; they are in no count of what it did',
  ),
  drained: Count.describe('pods that stopped taking new work after SIGTERM and lived on'),
  killed: Count.describe('pods that SIGKILL ended'),
  ignored: Count.describe('of these, the ones that were not seen to drain'),
  diedOfSignal: Count.describe('pods that another signal ended'),
  deathSignals: z.array(z.string()).describe('which signals those were'),
  exitedAtOnce: Count.describe(`pods that ended by themselves within ${EXIT_SLACK_MS} ms of SIGTERM`),
  gaveUp: z
    .object({ pods: Count, afterMs: z.number().describe('after SIGTERM, the earliest') })
    .nullable()
    .describe('pods that ended by themselves later, and cut requests that were under way'),
  cutAlive: Count.describe('requests under way at SIGTERM that the server cut while its process lived on'),
  exitedMs: z.number().nullable().describe('from SIGTERM to the exit of the slowest one that ended by itself'),
  acceptsAfterSigtermMs: z
    .number()
    .nullable()
    .describe('how long, at least, those that drained went on accepting connections; null where none drained'),
  turnedAway: z
    .object({ fresh: Count, reused: Count, inFlight: Count, status: z.int() })
    .nullable()
    .describe('requests that a terminating pod answered with a server error, by their connection, and the status'),
  idleConnections: z.object({
    broken: Count.describe('requests sent on a keep-alive connection as the server closed it'),
    answeredAfterStop: Count.describe(
      `requests answered on keep-alive connections after the listener had closed, started ${BUCKET_MS} ms later at least`,
    ),
  }),
  inFlight: z.object({ broken: Count.describe('requests under way at SIGTERM that got no whole response') }),
  late: z.object({
    answered: Count.describe(`requests answered that were started after SIGTERM, ${BUCKET_MS} ms at least`),
    broken: Count.describe('requests started after SIGTERM that got no whole response'),
  }),
});
export type ServerBehaviour = z.infer<typeof ServerBehaviour>;

interface Ending {
  history: History;
  pod: PodLife;
  sigtermMs: number;
  exitMs: number;
  /** The failed requests that were sent to it. */
  failures: FailedRequest[];
}

export function serverBehaviour(rollouts: readonly History[]): ServerBehaviour {
  const ended = rollouts.flatMap(endings);
  const byKill = ended.filter(({ pod }) => killed(pod));
  const died = ended.filter(({ pod }) => !killed(pod) && pod.exitSignal !== undefined);
  const exited = ended.filter((end) => !byKill.includes(end) && !died.includes(end));
  const stopSignal = ended[0]?.pod.stopSignal ?? 'SIGTERM';
  const wrapper = wrapperSeen(rollouts, stopSignal);
  const byWrapper = exited.filter((end) => isByWrapper(wrapper, ageAtExitMs(end), stopSignal));
  const byServer = exited.filter((end) => !byWrapper.includes(end));
  const gaveUp = byServer.filter((end) => ageAtExitMs(end) > EXIT_SLACK_MS && cutAtExit(end) > 0);
  const accepted = ended.flatMap((end) => (drained(end.pod) ? [acceptedMs(end)] : []));
  const sum = (value: (end: Ending) => number) => ended.reduce((total, end) => total + value(end), 0);
  return {
    pods: ended.length,
    stopSignal,
    wrapper,
    endedByWrapper: byWrapper.length,
    drained: accepted.length,
    killed: byKill.length,
    ignored: byKill.filter(({ pod }) => !drained(pod)).length,
    diedOfSignal: died.length,
    deathSignals: [...new Set(died.flatMap(({ pod }) => pod.exitSignal ?? []))],
    exitedAtOnce: byServer.filter((end) => ageAtExitMs(end) <= EXIT_SLACK_MS).length,
    gaveUp: gaveUp.length === 0 ? null : { pods: gaveUp.length, afterMs: Math.min(...gaveUp.map(ageAtExitMs)) },
    cutAlive: sum((end) => cutWhileAlive(end, wrapper)),
    exitedMs: exited.length === 0 ? null : Math.max(...exited.map(ageAtExitMs)),
    acceptsAfterSigtermMs: accepted.length === 0 ? null : Math.max(0, Math.min(...accepted)),
    turnedAway: turnedAway(ended),
    idleConnections: {
      broken: rollouts.reduce((total, history) => total + races(history), 0),
      answeredAfterStop: sum(({ history, pod }) => answeredAfter(history, pod, pod.stoppedListeningMs)),
    },
    inFlight: { broken: sum(brokenInFlight) },
    late: {
      answered: sum(({ history, pod, sigtermMs }) => answeredAfter(history, pod, sigtermMs)),
      broken: sum(({ failures, sigtermMs }) => failures.filter(({ startedMs }) => startedMs >= sigtermMs).length),
    },
  };
}

function endings(history: History): Ending[] {
  const failures = new Map<string, FailedRequest[]>();
  for (const request of history.load.failures) {
    const uid = decidingAttempt(request).pod?.uid ?? '';
    const known = failures.get(uid);
    if (known) known.push(request);
    else failures.set(uid, [request]);
  }
  return history.pods.flatMap((pod) => {
    const { generation, sigtermMs, exitMs, uid } = pod;
    if (generation !== 'old' || sigtermMs === undefined || exitMs === undefined) return [];
    return [{ history, pod, sigtermMs, exitMs, failures: failures.get(uid) ?? [] }];
  });
}

function ageAtExitMs({ sigtermMs, exitMs }: Ending): number {
  return exitMs - sigtermMs;
}

/** Requests that had reached it and broke with its exit. */
function cutAtExit({ failures, exitMs }: Ending): number {
  return failures.filter(
    ({ client, endedMs }) => client.phase !== 'connect' && Math.abs(endedMs - exitMs) <= EXIT_SLACK_MS,
  ).length;
}

/** By the server: what its wrapper ended is not among them. */
function cutWhileAlive({ history, pod, failures, sigtermMs, exitMs }: Ending, wrapper: Wrapper | null): number {
  return failures.filter(
    (request) =>
      request.client.error !== 'status' &&
      request.endedMs >= sigtermMs &&
      request.endedMs < exitMs - EXIT_SLACK_MS &&
      !isByWrapper(wrapper, request.endedMs - sigtermMs, pod.stopSignal) &&
      causeOf(request, history) === 'no-graceful-shutdown',
  ).length;
}

/** Until it closed its port, or, where that came sooner, until it left a new connection without an answer. */
function acceptedMs({ pod, failures, sigtermMs, exitMs }: Ending): number {
  const refusals = failures.filter(({ client, startedMs }) => client.connection === 'fresh' && startedMs >= sigtermMs);
  const firstMs = refusals.reduce((least, { startedMs }) => Math.min(least, startedMs), Number.POSITIVE_INFINITY);
  return Math.min(firstMs, pod.stoppedListeningMs ?? exitMs) - sigtermMs;
}

function turnedAway(ended: readonly Ending[]): ServerBehaviour['turnedAway'] {
  const refused = ended.flatMap(({ pod, failures, sigtermMs }) =>
    failures
      .filter(
        ({ client, endedMs }) =>
          client.error === 'status' && (client.status ?? 0) >= 500 && terminatingAt(pod, endedMs),
      )
      .map((request) => ({ request, inFlight: request.startedMs < sigtermMs && request.endedMs >= sigtermMs })),
  );
  const [first] = refused;
  if (!first) return null;
  const count = (wanted: (refusal: (typeof refused)[number]) => boolean) => refused.filter(wanted).length;
  return {
    fresh: count(({ request, inFlight }) => !inFlight && request.client.connection === 'fresh'),
    reused: count(({ request, inFlight }) => !inFlight && request.client.connection !== 'fresh'),
    inFlight: count(({ inFlight }) => inFlight),
    status: first.request.client.status ?? 0,
  };
}

function races(history: History): number {
  return history.load.failures.filter((request) => causeOf(request, history) === 'keep-alive-race').length;
}

/** Successes are kept in buckets, so the bucket in which it happened is left out. */
function answeredAfter({ load }: History, pod: PodLife, atMs: number | undefined): number {
  if (atMs === undefined) return 0;
  return load.successes
    .filter((success) => success.pod === pod.uid && success.bucket > Math.floor(atMs / BUCKET_MS))
    .reduce((total, success) => total + success.count, 0);
}

function brokenInFlight({ pod, failures, sigtermMs }: Ending): number {
  return failures.filter(
    ({ client, startedMs, endedMs }) =>
      client.phase !== 'connect' && startedMs < sigtermMs && terminatingAt(pod, endedMs) && endedMs >= sigtermMs,
  ).length;
}
