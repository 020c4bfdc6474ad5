/**
 * The trace: what happened in one trial. It holds facts, no interpretation, and is all that the analysis reads.
 *
 * Every time is in milliseconds on one monotonic clock that starts with the trial; `clock.startedAtEpochMs` ties it to
 * the wall clock. A fact that was not observed is absent, never zero.
 */
import * as z from 'zod';
import { ClusterRecord } from './cluster-record.ts';
import { Disruption } from './disruption.ts';
import { LoadRecord } from './load-record.ts';
import { DurationMs, EpochMs, listOf, ManifestMs, Ms, Name, Sentence, SmallCount, Text, Version } from './units.ts';

export const TRACE_FORMAT = 'k8s-rollout-test/trace/2';

/** What a trial takes for granted, because the input does not say it or the cluster does not carry it out. */
export const Assumption = z.object({
  field: Text.describe('the field or the object that it is about'),
  value: Text.describe('the value that is assumed; absent: as if the field were absent').optional(),
  why: Sentence.describe('how the result may differ'),
});
export type Assumption = z.infer<typeof Assumption>;
const MAX_ASSUMPTIONS = 1000;
export const Assumptions = listOf(Assumption, MAX_ASSUMPTIONS);

export const Settings = z.object({
  workload: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
  replicas: SmallCount,
  strategy: z.enum(['RollingUpdate', 'Recreate', 'OnDelete']),
  maxSurge: SmallCount.describe('pods, after rounding'),
  maxUnavailable: SmallCount.describe('pods, after rounding'),
  gracePeriodMs: ManifestMs,
  preStopMs: ManifestMs.describe("length of the serving container's preStop sleep; absent for other hooks").optional(),
  readinessProbe: z.boolean().describe('whether the serving container has one'),
  assumed: Assumptions.describe('absent if nothing was assumed').optional(),
});
export type Settings = z.infer<typeof Settings>;

/** How the load of a control with pauses was made. */
export const Pauses = z.object({
  idleLimitMs: DurationMs.describe(
    'how long a pod kept an idle connection; absent if it was open at the end of the watch',
  ).optional(),
  watchedMs: DurationMs.describe('how long idle connections were watched at most'),
  bursts: SmallCount.describe('absent if the load was that of any other control').optional(),
});
export type Pauses = z.infer<typeof Pauses>;

/** How results call the way to the pods without a gateway. */
export const DIRECT = 'direct';

export const TrialIdentity = z.object({
  runtime: Name,
  runtimeVersion: Version,
  variant: Name,
  server: Sentence.describe(
    'of run: what was rolled, as reports call it: its command, or a workload as "Deployment web"',
  ).optional(),
  through: Name.describe('the gateway between the load and the pods; absent: direct').optional(),
  repeat: SmallCount,
  cluster: Text.describe('"local" or the name of the kubeconfig context'),
  load: z.enum(['builtin', 'k6']),
  seed: SmallCount,
  run: Text.describe('id of the run that the trial belongs to'),
});
export type TrialIdentity = z.infer<typeof TrialIdentity>;

const MAX_REASONS = 100;
export const Discarded = listOf(Sentence, MAX_REASONS).describe(
  'why an earlier measurement of this trial was discarded; absent if this is the first',
);

/**
 * The analysis compares each failed request with each pod and each router view. This many comparisons are enough for
 * 1,000 replicas with 100,000 failed requests.
 */
const MAX_COMPARISONS = 2e8;

export const Trace = z
  .object({
    format: z.literal(TRACE_FORMAT),
    trial: TrialIdentity,
    clock: z.object({ startedAtEpochMs: EpochMs }),
    machine: z.object({ platform: Text, arch: Text, cores: SmallCount, node: Text }),
    settings: Settings,
    discarded: Discarded.optional(),
    disruption: Disruption.optional().describe('absent in a control'),
    pauses: Pauses.describe(
      'of a control whose requests come in bursts, just when the pods close idle connections; absent in others',
    ).optional(),
    loadStartMs: Ms,
    loadStopMs: Ms.describe('no request was started after this'),
    cluster: ClusterRecord,
    load: LoadRecord,
  })
  .refine(
    ({ cluster, load }) => load.failures.length * (cluster.pods.length + cluster.routerViews.length) <= MAX_COMPARISONS,
    {
      path: ['load', 'failures'],
      message: 'too many failed requests for this many pods and router views to be analysed',
    },
  );
export type Trace = z.infer<typeof Trace>;
