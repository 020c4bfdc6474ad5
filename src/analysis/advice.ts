/**
 * Advice from the measured rollouts of one manifest: how long routers lagged, what the server and its hooks did, which
 * preStop sleep and grace period would have been enough, and what share of the failures each change removes. Pure.
 */
import * as z from 'zod';
import { largest } from '../extremes.ts';
import type { ContainerRecord } from '../trace/cluster-record.ts';
import type { Trace } from '../trace/trace.ts';
import { DurationMs, listOf, ManifestMs, ManifestSeconds, SmallCount, Text } from '../trace/units.ts';
import { Change, changesFor } from './changes.ts';
import { historyOf } from './history.ts';
import { HookFinding, hookFindings } from './hooks.ts';
import { longestRequest, routingLags } from './rollout-times.ts';
import { ServerBehaviour, serverBehaviour } from './server-behaviour.ts';

/**
 * The margin of a preStop hook is the measured lag itself, but at least this, in ms. The lag of a few pods is not an
 * upper bound: whether an endpoint's removal just misses a sync of kube-proxy (minSyncPeriod, 1 s) is luck.
 */
export const LAG_MARGIN_MS = 1000;
/** Margin of a grace period, in ms and as a share of the longest request. The larger of the two applies. */
export const GRACE_MARGIN_MS = 2000;
export const GRACE_MARGIN_SHARE = 0.25;

/** Limits for reading a saved result: one lag for each pod of each rollout, and few kinds of findings and changes. */
const MAX_LAGS = 1_000_000;
const MAX_FINDINGS = 1000;

export const Advice = z.object({
  routing: z
    .object({
      pods: listOf(z.object({ repeat: SmallCount, pod: Text, lagMs: DurationMs }), MAX_LAGS),
      longestMs: DurationMs,
      gateway: z.literal(true).describe('a gateway that sends to the pods was on the way').optional(),
    })
    .nullable()
    .describe(
      "time from a pod's deletion to its last new connection or, behind a gateway, its last request; null if no pod's lag is known",
    ),
  longestRequest: z
    .object({ ms: DurationMs, cut: z.boolean().describe('it was cut, so it would have taken longer') })
    .nullable(),
  hooks: listOf(HookFinding, MAX_FINDINGS).describe('preStop hooks that did not do their job'),
  preStop: z
    .object({
      nowSeconds: ManifestSeconds.describe(
        'length of the preStop hook; for a native sidecar, how long it served until the app had ended',
      ),
      sidecar: z.boolean().describe('whether a native sidecar serves').optional(),
      neededSeconds: ManifestSeconds,
      marginMs: DurationMs,
    })
    .nullable()
    .describe('null if the lag is not known'),
  gracePeriod: z
    .object({
      nowSeconds: ManifestSeconds,
      neededSeconds: ManifestSeconds,
      preStopMs: ManifestMs,
      drainMs: DurationMs.describe('how long the server keeps accepting connections after SIGTERM'),
      longestRequestMs: DurationMs,
      exitMs: DurationMs.describe(
        'from SIGTERM to the exit of the slowest server that exited by itself; 0 if none did',
      ),
      marginMs: DurationMs,
    })
    .nullable()
    .describe('null if no request was answered or cut'),
  server: ServerBehaviour,
  changes: listOf(Change, MAX_FINDINGS).describe('single changes, the one that removes most first'),
});
export type Advice = z.infer<typeof Advice>;

/** Advice from the rollouts of one manifest. Control trials only contribute to the longest request. */
export function advise(traces: readonly Trace[]): Advice {
  const rollouts = traces.filter((trace) => trace.disruption !== undefined);
  const histories = rollouts.map(historyOf);
  const server = serverBehaviour(histories);
  const lags = histories.flatMap((history, index) =>
    routingLags(history).map((lag) => ({ repeat: rollouts[index]?.trial.repeat ?? 0, ...lag })),
  );
  const gateway = rollouts.some(
    ({ cluster }) => cluster.gateway !== undefined && cluster.gateway.upstream !== 'service',
  );
  const longestMs = largest(
    lags.map(({ lagMs }) => lagMs),
    0,
  );
  const routing = lags.length === 0 ? null : { pods: lags, longestMs, ...(gateway && { gateway }) };
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
  // A server that keeps accepting after SIGTERM needs a hook that is shorter by that time.
  const marginMs = Math.max(lagMs, LAG_MARGIN_MS);
  const neededMs = lagMs + marginMs - (server.acceptsAfterSigtermMs ?? 0);
  const sidecar = rollouts.some(({ cluster }) =>
    cluster.pods.some(({ containers }) => servedBy(containers)?.role === 'sidecar'),
  );
  return {
    nowSeconds: currentPreStopMs(rollouts) / 1000,
    ...(sidecar && { sidecar }),
    neededSeconds: Math.max(0, Math.ceil(neededMs / 1000)),
    marginMs,
  };
}

/** The grace period covers the preStop hook and everything after it. */
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

/** The shortest grace period that covers these parts and the margin. */
export function neededGraceSeconds(parts: GraceParts): number {
  const { preStopMs, drainMs, longestRequestMs, exitMs } = parts;
  const stopMs = Math.max(drainMs + longestRequestMs, exitMs);
  return Math.ceil((preStopMs + stopMs + graceMarginMs(longestRequestMs)) / 1000);
}

/**
 * What a grace period has to cover. A server may keep working after its last request, so its exit counts if that is
 * later.
 */
export interface GraceParts {
  preStopMs: number;
  drainMs: number;
  longestRequestMs: number;
  exitMs: number;
}

function graceMarginMs(longestRequestMs: number): number {
  return Math.max(GRACE_MARGIN_MS, longestRequestMs * GRACE_MARGIN_SHARE);
}

/**
 * The length of a sleep hook as written in the manifest; for any other hook the longest time it took. A native sidecar
 * serves until the app has ended, which has the same effect.
 */
function currentPreStopMs(rollouts: readonly Trace[]): number {
  const lengths = rollouts.flatMap(({ settings, cluster }) =>
    settings.preStopMs === undefined
      ? cluster.pods.map(({ containers, deletionMs = 0 }) => {
          const { hook, role, stopSignalMs = deletionMs } = servedBy(containers) ?? {};
          const { startedMs = 0, endedMs = startedMs } = hook ?? {};
          return role === 'sidecar' ? stopSignalMs - deletionMs : endedMs - startedMs;
        })
      : [settings.preStopMs],
  );
  return largest(lengths, 0);
}

function servedBy(containers: readonly ContainerRecord[]): ContainerRecord | undefined {
  return containers.find(({ serves }) => serves);
}
