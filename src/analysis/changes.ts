/**
 * What share of the failures each single change removes. A change is suggested only if no measurement contradicts it.
 * Pure.
 */
import * as z from 'zod';
import type { Trace } from '../trace/trace.ts';
import { Count, Share } from '../trace/units.ts';
import { causeOf, decidingAttempt } from './attribution.ts';
import { CAUSE_IDS, type CauseId } from './causes.ts';
import { exposure, isBefore } from './exposure.ts';
import { wasOpenSession } from './held-sessions.ts';
import { type History, historyOf } from './history.ts';
import type { HookFinding } from './hooks.ts';
import type { PodTimeline } from './pod-timeline.ts';
import type { ServerBehaviour } from './server-behaviour.ts';
import { drained, EXIT_SLACK_MS, killed, terminatingAt } from './timeline.ts';
import { reachedPod } from './unseen-pod.ts';
import { isByWrapper } from './wrapper.ts';

export const CHANGES = [
  'replicas',
  'graceful-shutdown',
  'end-sessions',
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

/** Changes to the server: in its code, or in how its image starts it. All other changes are made in the manifest. */
export const SERVER_CHANGES: readonly ChangeId[] = [
  'graceful-shutdown',
  'end-sessions',
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

/** Measurements other than the failures themselves. */
export interface Measured {
  server: ServerBehaviour;
  hooks: readonly HookFinding[];
  preStop: { nowSeconds: number; neededSeconds: number } | null;
  gracePeriod: { nowSeconds: number; neededSeconds: number } | null;
}

/** Each change counted alone, the one that removes most first. Failures that no known change removes are left out. */
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
      // A container that crashed was ready before and will be again; no probe can report its end in advance.
      if (!change || (change === 'readiness-probe' && trace.disruption?.kind === 'restart')) continue;
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
      return closedBecauseIdle(request, history) ? 'keep-alive-timeout' : 'connection-close';
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
 * The change for a request that its server broke. The first match wins:
 * - Server error: the server must keep answering while it drains. If the request had been in flight for a while after
 *   SIGTERM and the server gave up requests, its own deadline is too short.
 * - Ended by a wrapper: the server must run without it.
 * - A session that was open: the server must end its sessions, because no deadline is long enough for them.
 * - Sent after SIGTERM on a used connection to a server that kept running: the server must close its connections.
 * - The server exited by itself and gave up requests: its own deadline is too short.
 * - Everything else: the server must shut down gracefully.
 */
function shutdownChange(request: Failure, history: History, { server }: Measured): ChangeId {
  const pod = podOf(request, history);
  const { connection, error, startedMs, endedMs } = decidingAttempt(request);
  if (error === 'status') {
    const gaveUp = pod?.sigtermMs !== undefined && startedMs < pod.sigtermMs && endedMs - pod.sigtermMs > EXIT_SLACK_MS;
    return gaveUp && server.gaveUp !== null ? 'own-deadline' : 'answer-while-draining';
  }
  if (!pod || pod.sigtermMs === undefined) {
    return wasOpenSession(request, history.sessions) ? 'end-sessions' : 'graceful-shutdown';
  }
  if (isByWrapper(server.wrapper, endedMs - pod.sigtermMs, pod.stopSignal)) return 'wrapper';
  if (wasOpenSession(request, history.sessions)) return 'end-sessions';
  const later = connection.state === 'reused' && startedMs > pod.sigtermMs;
  if (later && keptRunning(pod)) return 'connection-close';
  const exitedItself = pod.exitMs !== undefined && pod.exitSignal === undefined && pod.sigkillMs === undefined;
  return exitedItself && server.gaveUp !== null ? 'own-deadline' : 'graceful-shutdown';
}

/**
 * The server reacted to SIGTERM: it closed its port, failed its readiness, or exited by itself well after the signal.
 */
function keptRunning(pod: PodTimeline): boolean {
  if (drained(pod)) return true;
  const { sigtermMs, exitMs } = pod;
  return !killed(pod) && sigtermMs !== undefined && exitMs !== undefined && exitMs - sigtermMs > EXIT_SLACK_MS;
}

/**
 * A longer grace period helps requests that were in flight at SIGTERM. A request sent later, on a connection that the
 * server kept serving, would only be cut later; for that the server has to close its connections.
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

/** A hook that does not wait is fixed first. A sleep that is already long enough is not made longer. */
function routingChange({ hooks, preStop }: Measured): ChangeId | undefined {
  // Sorted: the most common finding comes first.
  const [hook] = hooks.filter(({ problem }) => problem !== 'outlasted-grace');
  if (hook) return hook.problem === 'failed' ? 'repair-hook' : 'sleep-in-hook';
  return preStop === null || preStop.nowSeconds < preStop.neededSeconds ? 'pre-stop' : undefined;
}

/** Its pod was not terminating, so the server closed the connection because it had been idle. */
function closedBecauseIdle(request: Failure, history: History): boolean {
  const pod = podOf(request, history);
  return pod !== undefined && !terminatingAt(pod, request.endedMs);
}

function podOf(request: Failure, history: History) {
  return reachedPod(decidingAttempt(request), history);
}
