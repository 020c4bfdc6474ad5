/** What a rollout did to the sessions: how they ended, and how their clients found new ones. Pure. */
import * as z from 'zod';
import { largest, smallest } from '../extremes.ts';
import { emptyHistogram, percentileMs, recordMs } from '../trace/histogram.ts';
import type { FailedRequest, SessionRecord } from '../trace/load-record.ts';
import type { Trace } from '../trace/trace.ts';
import { Count, DurationMs, recordOf, SmallCount, Text } from '../trace/units.ts';
import { decidingAttempt } from './attribution.ts';
import { exposure } from './exposure.ts';
import { endedInOrder, wasOpenSession } from './held-sessions.ts';
import { historyOf } from './history.ts';

/** Reconnects are counted within this time, in ms: their highest rate is per second. */
const RATE_WINDOW_MS = 1000;
/** Close codes have four digits. */
const MAX_CODES = 10_000;

export const SessionFigures = z.object({
  clients: SmallCount.describe('clients that each hold one session open'),
  inOrder: Count.describe('sessions that ended with a close frame or a complete response, from the exposure on'),
  closeCodes: recordOf(Text, Count, MAX_CODES).describe('of those, WebSockets by the code of their close frame'),
  cut: Count.describe('sessions that ended in another way, from the exposure on'),
  notOpened: Count.describe('failed attempts to open a session, from the exposure on'),
  endedBefore: Count.describe('sessions that ended in order before the exposure'),
  interruptions: z
    .object({ mean: z.number().min(0), most: Count })
    .describe('how many sessions one client lost, in order or not, from the exposure on'),
  withoutSessionMs: z
    .object({ p50: DurationMs, p90: DurationMs, max: DurationMs })
    .describe('how long a client was without a session in total, from the exposure until the load stopped'),
  stillWithout: Count.describe('clients that had no session when the load stopped'),
  busiestPod: z
    .object({ pod: Text, attemptsPerSecond: Count })
    .nullable()
    .describe('the most attempts to open a session again that one pod got within a second; null if no pod is known'),
  spread: z
    .object({ pods: Count, fewest: Count, most: Count })
    .nullable()
    .describe('open sessions per pod when the load stopped; null if their pods are not known'),
});
export type SessionFigures = z.infer<typeof SessionFigures>;

/** The figures of each scenario that holds sessions open; undefined without any. In a control, everything is exposed. */
export function sessionFigures(trace: Trace): Record<string, SessionFigures> | undefined {
  const { sessions } = trace.load;
  if (!sessions) return undefined;
  const fromMs = exposure(trace)?.fromMs ?? trace.disruption?.atMs ?? Number.NEGATIVE_INFINITY;
  const held = historyOf(trace).sessions;
  const failed = trace.load.failures.filter((request) => request.endedMs >= fromMs && !wasOpenSession(request, held));
  return Object.fromEntries(
    Object.entries(sessions.clients).map(([scenario, clients]) => {
      const own = sessions.opened.filter((session) => session.scenario === scenario);
      const notOpened = failed.filter((request) => request.scenario === scenario);
      return [scenario, figuresOf(trace, { clients, own, notOpened, fromMs })];
    }),
  );
}

interface Scenario {
  clients: number;
  /** Its sessions, in the order in which they were opened. */
  own: readonly SessionRecord[];
  /** Its attempts that failed from the exposure on. */
  notOpened: readonly FailedRequest[];
  /** When the exposure began. */
  fromMs: number;
}

function figuresOf(trace: Trace, of: Scenario): SessionFigures {
  const { clients, own, notOpened, fromMs } = of;
  const byClient = sessionsByClient(own);
  const isExposed = ({ endedMs }: SessionRecord) => endedMs !== undefined && endedMs >= fromMs;
  const ended = own.filter(isExposed);
  const inOrder = ended.filter(endedInOrder);
  const lost = [...byClient.values()].map((sessions) => sessions.filter(isExposed).length);
  const open = own.filter(({ endedMs }) => endedMs === undefined);
  return {
    clients,
    inOrder: inOrder.length,
    closeCodes: countsOf(inOrder.flatMap(({ closeCode }) => closeCode ?? [])),
    cut: ended.length - inOrder.length,
    notOpened: notOpened.length,
    endedBefore: own.filter((session) => endedInOrder(session) && !isExposed(session)).length,
    interruptions: { mean: ended.length / Math.max(1, clients), most: largest(lost, 0) },
    withoutSessionMs: withoutSessionMs(byClient, of, trace.loadStopMs),
    stillWithout: Math.max(0, clients - new Set(open.map(({ client }) => client)).size),
    busiestPod: busiestPod(trace, byClient, of),
    spread: spread(trace, open),
  };
}

function sessionsByClient(sessions: readonly SessionRecord[]): Map<number, SessionRecord[]> {
  const byClient = new Map<number, SessionRecord[]>();
  for (const session of sessions) {
    const own = byClient.get(session.client);
    if (own) own.push(session);
    else byClient.set(session.client, [session]);
  }
  return byClient;
}

function countsOf(codes: readonly number[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(String(code), (counts.get(String(code)) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/** Each client counts once, with the sum of its times without a session. */
function withoutSessionMs(
  byClient: ReadonlyMap<number, readonly SessionRecord[]>,
  { clients, fromMs }: Scenario,
  stopMs: number,
): SessionFigures['withoutSessionMs'] {
  const times = emptyHistogram();
  for (const sessions of byClient.values()) {
    let sumMs = 0;
    for (const [index, { endedMs }] of sessions.entries()) {
      if (endedMs === undefined) continue;
      const untilMs = sessions[index + 1]?.openedMs ?? stopMs;
      sumMs += Math.max(0, untilMs - Math.max(endedMs, fromMs));
    }
    recordMs(times, sumMs);
  }
  // A client that never had a session was without one all the time.
  const allMs = Math.max(0, stopMs - Math.max(fromMs, 0));
  for (let client = byClient.size; client < clients; client++) recordMs(times, allMs);
  return { p50: percentileMs(times, 50), p90: percentileMs(times, 90), max: times.maxValue / 1000 };
}

/** Attempts to open a session again, whether they succeeded or not; a client's first session is none. */
function busiestPod(
  { cluster }: Trace,
  byClient: ReadonlyMap<number, readonly SessionRecord[]>,
  { notOpened, fromMs }: Scenario,
): SessionFigures['busiestPod'] {
  const attemptsMs = new Map<string, number[]>();
  const note = (uid: string, startedMs: number) => {
    const same = attemptsMs.get(uid);
    if (same) same.push(startedMs);
    else attemptsMs.set(uid, [startedMs]);
  };
  for (const sessions of byClient.values()) {
    for (const { pod, startedMs } of sessions.slice(1)) if (startedMs >= fromMs) note(pod, startedMs);
  }
  for (const request of notOpened) note(decidingAttempt(request).pod?.uid ?? '', request.startedMs);
  let busiest: SessionFigures['busiestPod'] = null;
  for (const { uid, name } of cluster.pods) {
    const attemptsPerSecond = mostWithin(attemptsMs.get(uid) ?? [], RATE_WINDOW_MS);
    if (attemptsPerSecond > (busiest?.attemptsPerSecond ?? 0)) busiest = { pod: name, attemptsPerSecond };
  }
  return busiest;
}

/** The most of those times that lie within any span of that length. */
function mostWithin(timesMs: readonly number[], spanMs: number): number {
  const sorted = [...timesMs].sort((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [index, ms] of sorted.entries()) {
    while ((sorted[first] as number) <= ms - spanMs) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** Over the pods that were ready and not terminating when the load stopped. */
function spread({ cluster, loadStopMs }: Trace, open: readonly SessionRecord[]): SessionFigures['spread'] {
  if (open.length === 0 || open.some(({ pod }) => pod === '')) return null;
  const perPod = new Map<string, number>();
  for (const { uid, readyMs, deletionMs } of cluster.pods) {
    if (readyMs !== undefined && readyMs <= loadStopMs && !(deletionMs !== undefined && deletionMs <= loadStopMs)) {
      perPod.set(uid, 0);
    }
  }
  for (const { pod } of open) perPod.set(pod, (perPod.get(pod) ?? 0) + 1);
  return { pods: perPod.size, fewest: smallest([...perPod.values()]), most: largest([...perPod.values()]) };
}
