/**
 * Which single change removes which share of the failures. A change is only named where nothing that was measured speaks
 * against it. Pure.
 */
import { z } from 'zod';
import type { Trace } from '../trace/trace.ts';
import { causeOf, decidingAttempt } from './attribution.ts';
import { CAUSE_IDS, type CauseId } from './causes.ts';
import { exposure, isBefore } from './exposure.ts';
import { type History, historyOf } from './history.ts';
import type { HookFinding } from './hooks.ts';
import type { ServerBehaviour } from './server-behaviour.ts';
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
  'connection-close',
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
];

export const Change = z.object({
  cause: z.enum(CAUSE_IDS).describe('the cause that it removes'),
  change: z.enum(CHANGES),
  removes: z.int().describe('failed requests'),
  share: z.number().describe('of all failed requests'),
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
      return 'connection-close';
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
 * A server error is answered otherwise; what a wrapper ended needs the server without it; an end of the server's own choosing
 * is put off; else it has to drain at all.
 */
function shutdownChange(request: Failure, history: History, { server }: Measured): ChangeId {
  if (request.client.error === 'status') return 'answer-while-draining';
  const pod = podOf(request, history);
  const { sigtermMs, stopSignal } = pod ?? {};
  if (sigtermMs !== undefined && stopSignal !== undefined) {
    const ageMs = decidingAttempt(request).endedMs - sigtermMs;
    if (isByWrapper(server.wrapper, ageMs, stopSignal)) return 'wrapper';
  }
  const exitedItself = pod?.exitMs !== undefined && pod.exitSignal === undefined && pod.sigkillMs === undefined;
  return exitedItself && server.gaveUp !== null ? 'own-deadline' : 'graceful-shutdown';
}

/**
 * A longer grace period helps what was under way all the time. What was sent after SIGTERM on a connection that the server
 * went on serving would only be cut later: there the server has to end its connections.
 */
function graceChange(request: Failure, history: History, { gracePeriod }: Measured): ChangeId | undefined {
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
  if (hooks.some(({ problem }) => problem === 'failed')) return 'repair-hook';
  if (hooks.some(({ problem }) => problem === 'returned-at-once')) return 'sleep-in-hook';
  return preStop === null || preStop.nowSeconds < preStop.neededSeconds ? 'pre-stop' : undefined;
}

function podOf(request: Failure, history: History) {
  const uid = decidingAttempt(request).pod?.uid;
  return uid === undefined ? undefined : history.byUid.get(uid);
}
