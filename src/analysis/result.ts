/** Turns a trace into a result. Pure, so that a later version can analyse a saved trace again. */
import * as z from 'zod';
import { largest } from '../extremes.ts';
import { ClusterRecord, GatewayRecord, MAX_CONTAINERS } from '../trace/cluster-record.ts';
import { DISRUPTIONS, type Disruption } from '../trace/disruption.ts';
import { decodeHistogram, percentileMs, sumOfHistograms } from '../trace/histogram.ts';
import { MAX_SCENARIOS } from '../trace/load-record.ts';
import { Assumptions, DIRECT, Discarded, Settings, type Trace } from '../trace/trace.ts';
import {
  Count,
  DurationMs,
  listOf,
  Name,
  recordOf,
  Sentence,
  Share,
  SmallCount,
  Text,
  Version,
} from '../trace/units.ts';
import { affectedPods, endOfEffect } from './affected-pods.ts';
import { explanationOf } from './attribution.ts';
import { upperBound } from './bounds.ts';
import { CAUSE_IDS, type CauseId, countCauses, type Explanation } from './causes.ts';
import { countExposed, exposure, isBefore, uncutSessions } from './exposure.ts';
import { closedByGateway, gatewayLagMs, HiddenRetries, hiddenRetries, MAX_HIDDEN } from './gateway-effects.ts';
import { type History, historyOf } from './history.ts';
import { longestOutageMs } from './outage.ts';
import { PausesFigures, pausesFigures } from './pauses.ts';
import { routingLags } from './rollout-times.ts';
import { SessionFigures, sessionFigures } from './sessions.ts';
import { invalidReasons } from './validity.ts';

/** The cluster name in a result that was measured by hand: only the load was observed. */
export const BY_HAND = 'by hand';

const Latency = z.object({ p50: DurationMs, p99: DurationMs, max: DurationMs });
const MAX_REASONS = 100;

/** A container that did not run. */
export const StandIn = z.object({
  name: Text,
  init: z.boolean().describe('an init container, which is assumed to be done; others end at once on their stop signal'),
});
export type StandIn = z.infer<typeof StandIn>;

/** Unexplained requests between whose causes the observations do not decide. */
export const Undecided = z.object({ causes: listOf(z.enum(CAUSE_IDS), CAUSE_IDS.length), requests: Count });
export type Undecided = z.infer<typeof Undecided>;
const MAX_CHOICES = 2 ** CAUSE_IDS.length;

/** Causes that results of older versions do not have. */
const LATER_CAUSES: readonly CauseId[] = ['gateway'];

export const TrialResult = z.object({
  runtime: Name,
  runtimeVersion: Version,
  variant: Name,
  through: Name.default(DIRECT).describe('the gateway between the load and the pods, or "direct"'),
  gateway: GatewayRecord.describe('its version and settings; absent if direct').optional(),
  server: Sentence.describe('of run: what was rolled, as reports call it').optional(),
  disruption: z.enum(DISRUPTIONS).describe('absent in a control, and in results of older versions').optional(),
  scaledTo: SmallCount.describe('scale-down: the new number of replicas').optional(),
  node: Text.describe('drain: the name of the node').optional(),
  refusedEvictions: SmallCount.describe('drain, evict: how often a PodDisruptionBudget refused an eviction').optional(),
  strategy: Settings.shape.strategy.describe('absent in results of older versions').optional(),
  assumed: Assumptions.describe('what the trial takes for granted; absent if nothing was assumed').optional(),
  repeat: SmallCount,
  cluster: Text,
  load: z.enum(['builtin', 'k6']),
  valid: z.boolean(),
  invalidReasons: listOf(Sentence, MAX_REASONS).describe('why the measurement cannot be trusted; empty when valid'),
  discarded: Discarded.optional(),
  podsReplaced: Count.describe('pods that were deleted; in a restart, pods whose serving container restarted'),
  requests: Count.describe('all requests that were started in the trial; a session counts as one'),
  exposed: Count.describe(
    'requests that the disruption could have broken: in flight or started between the first deletion and the moment the ' +
      'last router dropped the last old pod, and all that failed later; in a control, all requests',
  ),
  failed: Count.describe('exposed requests that failed'),
  failedBefore: Count.default(0).describe('requests that failed before any was exposed'),
  dropped: Count.default(0).describe('planned requests that could not be started'),
  failedByScenario: recordOf(Name, Count, MAX_SCENARIOS),
  causes: z.object(
    Object.fromEntries(CAUSE_IDS.map((id) => [id, LATER_CAUSES.includes(id) ? Count.default(0) : Count])) as Record<
      CauseId,
      typeof Count
    >,
  ),
  undecided: listOf(Undecided, MAX_CHOICES)
    .describe('of the unexplained requests: the causes that fit, if more than one does; absent if there are none')
    .optional(),
  failedUpperBound: Share.describe('upper bound of the failure probability of an exposed request (one-sided, 95 %)'),
  longestOutageMs: DurationMs,
  hiddenRetries: Count.nullable().describe('null if no response said how often its pod had seen the request'),
  hiddenByGateway: listOf(HiddenRetries, MAX_HIDDEN)
    .describe('failures that the gateway hid from the client by sending the request again; absent if direct')
    .optional(),
  closedByGateway: Count.describe(
    'failed requests on connections that the gateway itself closed without having read them, for example to change its configuration; absent if direct',
  ).optional(),
  gatewayLagMs: DurationMs.describe(
    "longest time from a pod's deletion until the gateway no longer sent to it; absent if direct, or if that was not seen",
  ).optional(),
  connectionReuse: Share.nullable().describe('share of keep-alive requests that were sent on a used connection'),
  latencyMs: Latency.nullable(),
  pauses: PausesFigures.describe('what a control with pauses found; absent in other trials').optional(),
  sessions: recordOf(Name, SessionFigures, MAX_SCENARIOS)
    .describe('per scenario: what became of the event streams or WebSockets; absent if the load held none open')
    .optional(),
  pid1: z.boolean().nullable(),
  headless: z.boolean().describe('headless Service: new connections got a pod from DNS, not from a router').optional(),
  standIns: listOf(StandIn, MAX_CONTAINERS)
    .describe('containers for which there was no command; absent if all of them ran')
    .optional(),
  sharedNetwork: ClusterRecord.shape.sharedNetwork,
  routingLagMs: DurationMs.nullable()
    .default(null)
    .describe(
      "longest time from a pod's deletion to its last new connection or, behind a gateway that sends to the pods, until the gateway last chose it; if another pod was available then",
    ),
  rolloutMs: DurationMs.nullable().describe(
    'from the beginning of the disruption to the exit of the last pod that it deleted (restart: until the container was ready again; bad-version: until all was as before)',
  ),
});
export type TrialResult = z.infer<typeof TrialResult>;

/** Everything the report says about one trial. Latency leaves out the `slow` scenario, which waits on purpose. */
export function analyse(trace: Trace): TrialResult {
  const { trial, cluster, load, disruption, settings } = trace;
  const history = historyOf(trace);
  const endsMs = affectedPods(trace).flatMap((pod) => (disruption && endOfEffect(pod, disruption)) ?? []);
  const { exposed, failed, failedBefore } = countExposed(trace);
  const span = exposure(trace);
  const failures = load.failures.filter(({ endedMs }) => !isBefore(endedMs, trace, span));
  const lags = routingLags(history).map(({ lagMs }) => lagMs);
  const succeeded = load.successes.reduce((sum, bucket) => sum + bucket.count, 0);
  const sessions = sessionFigures(trace);
  const pauses = pausesFigures(trace, history);
  const reasons = invalidReasons(trace);
  const explanations = failures.map((request) => explanationOf(request, history));
  const undecided = countUndecided(explanations);
  return {
    runtime: trial.runtime,
    runtimeVersion: cluster.runtimeVersion ?? trial.runtimeVersion,
    variant: trial.variant,
    through: trial.through ?? DIRECT,
    ...(cluster.gateway && { gateway: cluster.gateway, ...gatewayEffects(history, failures) }),
    ...(trial.server !== undefined && { server: trial.server }),
    ...(disruption && disruptionOf(disruption)),
    strategy: settings.strategy,
    ...(settings.assumed && { assumed: settings.assumed }),
    repeat: trial.repeat,
    cluster: trial.cluster,
    load: trial.load,
    valid: reasons.length === 0,
    invalidReasons: reasons,
    ...(trace.discarded && { discarded: trace.discarded }),
    podsReplaced: endsMs.length,
    requests: succeeded + uncutSessions(load).length + load.failures.length,
    exposed,
    failed,
    failedBefore,
    dropped: load.droppedRequests,
    failedByScenario: countBy(failures.map((request) => request.scenario)),
    causes: countCauses(explanations.map(({ cause }) => cause)),
    ...(undecided.length > 0 && { undecided }),
    failedUpperBound: upperBound(failed, exposed),
    longestOutageMs: longestOutageMs(trace),
    hiddenRetries: retriesByClient(trace),
    connectionReuse: load.connectionReuse ?? null,
    latencyMs: latency(trace),
    ...(pauses && { pauses }),
    ...(sessions && { sessions }),
    pid1: cluster.pid1,
    ...(cluster.headless && { headless: true }),
    ...standIns(trace),
    ...(cluster.sharedNetwork && { sharedNetwork: true }),
    routingLagMs: lags.length === 0 ? null : largest(lags),
    rolloutMs: disruption === undefined ? null : durationMs(disruption, endsMs),
  };
}

function gatewayEffects(history: History, failures: Trace['load']['failures']): Partial<TrialResult> {
  const lagMs = gatewayLagMs(history);
  return {
    hiddenByGateway: hiddenRetries(history),
    closedByGateway: closedByGateway(failures, history),
    ...(lagMs !== undefined && { gatewayLagMs: lagMs }),
  };
}

function disruptionOf({ kind, replicas, node, refusedEvictions }: Disruption): Partial<TrialResult> {
  return {
    disruption: kind,
    ...(replicas !== undefined && { scaledTo: replicas }),
    ...(node !== undefined && { node }),
    ...(refusedEvictions !== undefined && { refusedEvictions }),
  };
}

function durationMs({ kind, atMs, completeMs }: Disruption, endsMs: readonly number[]): number | null {
  if (kind === 'bad-version' && completeMs !== undefined) return completeMs - atMs;
  return endsMs.length === 0 ? null : largest(endsMs) - atMs;
}

/** Every pod has the same containers. */
function standIns({ cluster: { pods } }: Trace): Pick<TrialResult, 'standIns'> {
  const found = (pods[0]?.containers ?? []).filter(({ standIn }) => standIn);
  return found.length === 0 ? {} : { standIns: found.map(({ name, role }) => ({ name, init: role === 'init' })) };
}

/** Behind a gateway, a pod that sees a request twice cannot know who sent it again. */
function retriesByClient({ load: { hiddenRetries }, cluster: { gateway } }: Trace): number | null {
  return gateway ? null : (hiddenRetries?.client ?? null);
}

function countUndecided(explanations: readonly Explanation[]): Undecided[] {
  const found = new Map<string, Undecided>();
  for (const { undecided } of explanations) {
    if (undecided.length === 0) continue;
    const known = found.get(undecided.join());
    if (known) known.requests++;
    else found.set(undecided.join(), { causes: [...undecided], requests: 1 });
  }
  return [...found.values()];
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries(counts);
}

function latency({ load }: Trace): TrialResult['latencyMs'] {
  const quick = Object.entries(load.latency).filter(([scenario]) => scenario !== 'slow');
  const all = sumOfHistograms(quick.map(([, encoded]) => decodeHistogram(encoded)));
  if (all.totalCount === 0) return null;
  return { p50: percentileMs(all, 50), p99: percentileMs(all, 99), max: all.maxValue / 1000 };
}
