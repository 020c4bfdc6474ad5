/**
 * Which single change removes which share of the failures. A change is only named where nothing that was measured speaks
 * against it. Pure.
 */
import * as z from 'zod';
import type { Trace } from '../trace/trace.ts';
import { Count, Share } from '../trace/units.ts';
import { causeOf, decidingAttempt } from './attribution.ts';
import { CAUSE_IDS, type CauseId } from './causes.ts';
import { exposure, isBefore } from './exposure.ts';
import { type History, historyOf } from './history.ts';
import type { HookFinding } from './hooks.ts';
import type { PodLife } from './pod-life.ts';
import type { ServerBehaviour } from './server-behaviour.ts';
import { drained, EXIT_SLACK_MS, killed, terminatingAt } from './timeline.ts';
import { isByWrapper } from './wrapper.ts';

export const CHANGES = [
  'replicas',
  'graceful-shutdown',
  'wrapper',
  'own-deadline',
  'answer-while-draining',
  'grace-period',
  'pre-stop',
  'repair-hook',
  'sleep-in-hook',
  'shorter-hook',
  'connection-close',
  'keep-alive-timeout',
  'readiness-probe',
] as const;
export type ChangeId = (typeof CHANGES)[number];

/** Changes that only the server can make, in its code or in how its image starts it; the others are made in the manifest. */
export const SERVER_CHANGES: readonly ChangeId[] = [
  'graceful-shutdown',
  'wrapper',
  'own-deadline',
  'answer-while-draining',
  'connection-close',
  'keep-alive-timeout',
];

export const Change = z.object({
  cause: z.enum(CAUSE_IDS).describe('the cause that it removes'),
  change: z.enum(CHANGES),
  removes: Count.describe('failed requests'),
  share: Share.describe('of all failed requests'),
});
export type Change = z.infer<typeof Change>;

/** What was measured beside the failures. */
export interface Measured {
  server: ServerBehaviour;
  hooks: readonly HookFinding[];
  preStop: { nowSeconds: number; neededSeconds: number } | null;
  gracePeriod: { nowSeconds: number; neededSeconds: number } | null;
}

/** Each alone, the one that removes most first; none for failures that no known change removes. */
export function changesFor(rollouts: readonly Trace[], measured: Measured): Change[] {
  const counts = new Map<string, { cause: CauseId; change: ChangeId; removes: number }>();
  let failed = 0;
  for (const trace of rollouts) {
    const history = historyOf(trace);
    const span = exposure(trace);
    for (const request of trace.load.failures) {
      if (isBefore(request.endedMs, trace, span)) continue;
      failed++;
      const cause = causeOf(request, history);
      const change = changeFor(cause, request, history, measured);
      if (!change) continue;
      const key = `${cause} ${change}`;
      const known = counts.get(key);
      if (known) known.removes++;
      else counts.set(key, { cause, change, removes: 1 });
    }
  }
  return [...counts.values()]
    .map((found) => ({ ...found, share: found.removes / failed }))
    .sort((a, b) => b.removes - a.removes);
}

type Failure = Trace['load']['failures'][number];

function changeFor(cause: CauseId, request: Failure, history: History, measured: Measured): ChangeId | undefined {
  switch (cause) {
    case 'capacity':
      return 'replicas';
    case 'not-ready':
      return 'readiness-probe';
    case 'keep-alive-race':
      return closedByStayingPod(request, history) ? 'keep-alive-timeout' : 'connection-close';
    case 'no-graceful-shutdown':
      return shutdownChange(request, history, measured);
    case 'grace-too-short':
      return graceChange(request, history, measured);
    case 'routing-lag':
      return routingChange(measured);
    case 'unexplained':
      return undefined;
  }
}

/**
 * What a wrapper ended needs the server without it. A server error is answered otherwise, unless it ended what had been
 * under way for a while; what was sent later to a server that closes in order needs an end of its connection; an end of the
 * server's own choosing is put off; else it has to drain at all.
 */
function shutdownChange(request: Failure, history: History, { server }: Measured): ChangeId {
  const pod = podOf(request, history);
  const { connection, startedMs, endedMs } = decidingAttempt(request);
  if (request.client.error === 'status') {
    const gaveUp = pod?.sigtermMs !== undefined && startedMs < pod.sigtermMs && endedMs - pod.sigtermMs > EXIT_SLACK_MS;
    return gaveUp && server.gaveUp !== null ? 'own-deadline' : 'answer-while-draining';
  }
  if (!pod || pod.sigtermMs === undefined) return 'graceful-shutdown';
  if (isByWrapper(server.wrapper, endedMs - pod.sigtermMs, pod.stopSignal)) return 'wrapper';
  const later = connection.state === 'reused' && startedMs > pod.sigtermMs;
  if (later && livedOn(pod)) return 'connection-close';
  const exitedItself = pod.exitMs !== undefined && pod.exitSignal === undefined && pod.sigkillMs === undefined;
  return exitedItself && server.gaveUp !== null ? 'own-deadline' : 'graceful-shutdown';
}

/** It did something about SIGTERM: it closed its port or failed its readiness, or ended by itself well after it. */
function livedOn(pod: PodLife): boolean {
  if (drained(pod)) return true;
  const { sigtermMs, exitMs } = pod;
  return !killed(pod) && sigtermMs !== undefined && exitMs !== undefined && exitMs - sigtermMs > EXIT_SLACK_MS;
}

/**
 * A longer grace period helps what was under way all the time. What was sent after SIGTERM on a connection that the server
 * went on serving would only be cut later: there the server has to end its connections.
 */
function graceChange(request: Failure, history: History, { gracePeriod, hooks }: Measured): ChangeId | undefined {
  if (hooks.some(({ problem }) => problem === 'outlasted-grace')) return 'shorter-hook';
  const { sigtermMs } = podOf(request, history) ?? {};
  const { connection, startedMs } = decidingAttempt(request);
  if (connection.state === 'reused' && sigtermMs !== undefined && startedMs > sigtermMs) {
    return 'connection-close';
  }
  const longEnough = gracePeriod !== null && gracePeriod.nowSeconds >= gracePeriod.neededSeconds;
  return longEnough ? undefined : 'grace-period';
}

/** The hook comes first where there is one that does not wait. A sleep that is long enough already is not made longer. */
function routingChange({ hooks, preStop }: Measured): ChangeId | undefined {
  // The commonest comes first.
  const [hook] = hooks.filter(({ problem }) => problem === 'failed' || problem === 'returned-at-once');
  if (hook) return hook.problem === 'failed' ? 'repair-hook' : 'sleep-in-hook';
  return preStop === null || preStop.nowSeconds < preStop.neededSeconds ? 'pre-stop' : undefined;
}

/** Its pod was not terminating: the connection was idle for too long. */
function closedByStayingPod(request: Failure, history: History): boolean {
  const pod = podOf(request, history);
  return pod !== undefined && !terminatingAt(pod, request.endedMs);
}

function podOf(request: Failure, history: History) {
  const uid = decidingAttempt(request).pod?.uid;
  return uid === undefined ? undefined : history.byUid.get(uid);
}
