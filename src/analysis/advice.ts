/**
 * What the rollouts of one manifest say about it: how long its routers lagged, what its server and its hooks did, the preStop
 * sleep and the grace period that would have been enough, and which change removes which share of the failures. Pure.
 */
import * as z from 'zod';
import { largest } from '../extremes.ts';
import type { Trace } from '../trace/trace.ts';
import { DurationMs, listOf, ManifestMs, ManifestSeconds, SmallCount, Text } from '../trace/units.ts';
import { Change, changesFor } from './changes.ts';
import { historyOf } from './history.ts';
import { HookFinding, hookFindings } from './hooks.ts';
import { longestRequest, routingLags } from './rollout-times.ts';
import { ServerBehaviour, serverBehaviour } from './server-behaviour.ts';

/**
 * A preStop hook must outlast the measured lag by as much again, and by this at least: the lag of a few pods is no upper
 * bound, and whether a removal just misses one sync of kube-proxy (minSyncPeriod, 1 s) is luck.
 */
export const LAG_MARGIN_MS = 1000;
/** What a grace period must leave over after everything else, at least and as a share of the longest request. */
export const GRACE_MARGIN_MS = 2000;
export const GRACE_MARGIN_SHARE = 0.25;

/** Every pod of every rollout has a lag; findings and changes are of a few kinds. */
const MAX_LAGS = 1_000_000;
const MAX_FINDINGS = 1000;

export const Advice = z.object({
  routing: z
    .object({
      pods: listOf(z.object({ repeat: SmallCount, pod: Text, lagMs: DurationMs }), MAX_LAGS),
      longestMs: DurationMs,
    })
    .nullable()
    .describe("from a pod's deletion to the last new connection it got; null where no pod got any"),
  longestRequest: z
    .object({ ms: DurationMs, cut: z.boolean().describe('it was cut, so it would have taken longer') })
    .nullable(),
  hooks: listOf(HookFinding, MAX_FINDINGS).describe('preStop hooks that did not do what they are for'),
  preStop: z
    .object({ nowSeconds: ManifestSeconds, neededSeconds: ManifestSeconds, marginMs: DurationMs })
    .nullable()
    .describe('null where the lag is not known'),
  gracePeriod: z
    .object({
      nowSeconds: ManifestSeconds,
      neededSeconds: ManifestSeconds,
      preStopMs: ManifestMs,
      drainMs: DurationMs.describe('how long the server goes on accepting connections after SIGTERM'),
      longestRequestMs: DurationMs,
      exitMs: DurationMs.describe('how long the slowest server that ended by itself took to; 0 where none did'),
      marginMs: DurationMs,
    })
    .nullable()
    .describe('null where no request was answered'),
  server: ServerBehaviour,
  changes: listOf(Change, MAX_FINDINGS).describe('each alone, the one that removes most first'),
});
export type Advice = z.infer<typeof Advice>;

/** Advice from rollouts of one manifest; controls among the traces only add to the longest request. */
export function advise(traces: readonly Trace[]): Advice {
  const rollouts = traces.filter((trace) => trace.disruption !== undefined);
  const histories = rollouts.map(historyOf);
  const server = serverBehaviour(histories);
  const lags = histories.flatMap((history, index) =>
    routingLags(history).map((lag) => ({ repeat: rollouts[index]?.trial.repeat ?? 0, ...lag })),
  );
  const routing = lags.length === 0 ? null : { pods: lags, longestMs: largest(lags.map(({ lagMs }) => lagMs)) };
  const longest = longestRequest(traces);
  const preStop = routing && preStopAdvice(rollouts, routing.longestMs, server);
  const gracePeriod = longest && graceAdvice(rollouts, preStop, longest.ms, server);
  const hooks = hookFindings(rollouts);
  return {
    routing,
    longestRequest: longest,
    hooks,
    preStop,
    gracePeriod,
    server,
    changes: changesFor(rollouts, { server, hooks, preStop, gracePeriod }),
  };
}

function preStopAdvice(rollouts: readonly Trace[], lagMs: number, server: ServerBehaviour): Advice['preStop'] {
  // A server that goes on accepting for a while after SIGTERM needs that much less of a hook.
  const marginMs = Math.max(lagMs, LAG_MARGIN_MS);
  const neededMs = lagMs + marginMs - (server.acceptsAfterSigtermMs ?? 0);
  return {
    nowSeconds: currentPreStopMs(rollouts) / 1000,
    neededSeconds: Math.max(0, Math.ceil(neededMs / 1000)),
    marginMs,
  };
}

/** preStop counts towards the grace period, and so does all that comes after it. */
function graceAdvice(
  rollouts: readonly Trace[],
  preStop: Advice['preStop'],
  longestRequestMs: number,
  server: ServerBehaviour,
): Advice['gracePeriod'] {
  const nowMs = largest(
    rollouts.map(({ settings }) => settings.gracePeriodMs),
    0,
  );
  const preStopMs = preStop === null ? currentPreStopMs(rollouts) : preStop.neededSeconds * 1000;
  const drainMs = server.acceptsAfterSigtermMs ?? 0;
  const parts = { preStopMs, drainMs, longestRequestMs, exitMs: server.exitedMs ?? 0 };
  const marginMs = graceMarginMs(longestRequestMs);
  return { nowSeconds: nowMs / 1000, neededSeconds: neededGraceSeconds(parts), ...parts, marginMs };
}

/** The shortest grace period that is enough for these, with the margin. */
export function neededGraceSeconds(parts: GraceParts): number {
  const { preStopMs, drainMs, longestRequestMs, exitMs } = parts;
  const stopMs = Math.max(drainMs + longestRequestMs, exitMs);
  return Math.ceil((preStopMs + stopMs + graceMarginMs(longestRequestMs)) / 1000);
}

/** What a grace period has to last for. A server may do more after its last request, so its own end counts where it is later. */
export interface GraceParts {
  preStopMs: number;
  drainMs: number;
  longestRequestMs: number;
  exitMs: number;
}

function graceMarginMs(longestRequestMs: number): number {
  return Math.max(GRACE_MARGIN_MS, longestRequestMs * GRACE_MARGIN_SHARE);
}

/** As the manifest says, or, for a hook that is no sleep, as it took. */
function currentPreStopMs(rollouts: readonly Trace[]): number {
  const lengths = rollouts.flatMap(({ settings, cluster }) =>
    settings.preStopMs === undefined
      ? cluster.pods.map(({ containers }) => {
          const { startedMs = 0, endedMs = startedMs } = containers.find(({ serves }) => serves)?.hook ?? {};
          return endedMs - startedMs;
        })
      : [settings.preStopMs],
  );
  return largest(lengths, 0);
}
