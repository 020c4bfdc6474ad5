/** What the server of the old pods did with SIGTERM, as far as it was seen. */
import { z } from 'zod';
import { BUCKET_MS, type PodRecord, type Trace } from '../trace/trace.ts';
import { causeIn } from './attribution.ts';
import { drained, terminatingAt } from './timeline.ts';

const Count = z.int().min(0);

export const ServerBehaviour = z.object({
  pods: Count.describe('old pods that were seen to their end'),
  drained: Count.describe('of them, after SIGTERM stopped taking new work and lived on'),
  killed: Count.describe('of them, ended by SIGKILL'),
  diedOfSignal: Count.describe('of them, ended by another signal'),
  exitedMs: z.number().nullable().describe('from SIGTERM to the exit of the slowest one that ended by itself'),
  acceptsAfterSigtermMs: z
    .number()
    .nullable()
    .describe('how long, at least, those that drained went on accepting connections; null where none drained'),
  idleConnections: z.object({
    broken: Count.describe('requests sent on a kept connection as the server closed it'),
    answeredAfterStop: Count.describe(
      `requests answered on kept connections after the listener had closed, started ${BUCKET_MS} ms later at least`,
    ),
  }),
  inFlight: z.object({ broken: Count.describe('requests under way at SIGTERM that got no whole response') }),
  late: z.object({
    answered: Count.describe(`requests answered that were started after SIGTERM, ${BUCKET_MS} ms at least`),
    broken: Count.describe('requests started after SIGTERM that got no whole response'),
  }),
});
export type ServerBehaviour = z.infer<typeof ServerBehaviour>;

export function serverBehaviour(rollouts: readonly Trace[]): ServerBehaviour {
  const ended = rollouts.flatMap((trace) =>
    trace.cluster.pods
      .filter((pod) => pod.generation === 'old' && pod.sigtermMs !== undefined && pod.exitMs !== undefined)
      .map((pod) => ({ trace, pod, sigtermMs: pod.sigtermMs as number, exitMs: pod.exitMs as number })),
  );
  const killed = ended.filter(({ pod }) => pod.sigkillMs !== undefined || pod.exitSignal === 'SIGKILL');
  const died = ended.filter((end) => !killed.includes(end) && end.pod.exitSignal !== undefined);
  const exited = ended.filter((end) => !killed.includes(end) && !died.includes(end));
  const accepted = ended
    .filter(({ pod }) => drained(pod))
    .map(({ pod, sigtermMs, exitMs }) => (pod.stoppedListeningMs ?? exitMs) - sigtermMs);
  const sum = (count: (end: (typeof ended)[number]) => number) => ended.reduce((total, end) => total + count(end), 0);
  return {
    pods: ended.length,
    drained: accepted.length,
    killed: killed.length,
    diedOfSignal: died.length,
    exitedMs: exited.length === 0 ? null : Math.max(...exited.map(({ sigtermMs, exitMs }) => exitMs - sigtermMs)),
    acceptsAfterSigtermMs: accepted.length === 0 ? null : Math.max(0, Math.min(...accepted)),
    idleConnections: {
      broken: rollouts.reduce((total, trace) => total + races(trace), 0),
      answeredAfterStop: sum(({ trace, pod }) => answeredAfter(trace, pod, pod.stoppedListeningMs)),
    },
    inFlight: { broken: sum(({ trace, pod, sigtermMs }) => brokenInFlight(trace, pod, sigtermMs)) },
    late: {
      answered: sum(({ trace, pod, sigtermMs }) => answeredAfter(trace, pod, sigtermMs)),
      broken: sum(({ trace, pod, sigtermMs }) => brokenAfter(trace, pod, sigtermMs)),
    },
  };
}

function races(trace: Trace): number {
  return trace.load.failures.filter((request) => causeIn(trace, request) === 'keep-alive-race').length;
}

/** Successes are kept in buckets, so the bucket in which it happened is left out. */
function answeredAfter({ load }: Trace, pod: PodRecord, atMs: number | undefined): number {
  if (atMs === undefined) return 0;
  return load.successes
    .filter((success) => success.pod === pod.name && success.bucket > Math.floor(atMs / BUCKET_MS))
    .reduce((total, success) => total + success.count, 0);
}

function brokenInFlight({ load }: Trace, pod: PodRecord, sigtermMs: number): number {
  return load.failures.filter(
    (request) =>
      request.pod === pod.name &&
      request.phase !== 'connect' &&
      request.startedMs < sigtermMs &&
      terminatingAt(pod, request.endedMs) &&
      request.endedMs >= sigtermMs,
  ).length;
}

function brokenAfter({ load }: Trace, pod: PodRecord, sigtermMs: number): number {
  return load.failures.filter((request) => request.pod === pod.name && request.startedMs >= sigtermMs).length;
}
