/**
 * The trace: what happened in one trial. Facts only, no opinion; analysis reads nothing else.
 *
 * Every time is in milliseconds on one monotonic clock that starts with the trial; `clock.startedAtEpochMs` ties it
 * to the wall clock. A fact that was not observed is absent, never zero.
 */
import { z } from 'zod';
import { ClusterRecord } from './cluster-record.ts';
import { LoadRecord } from './load-record.ts';
import { Ms } from './units.ts';

export const TRACE_FORMAT = 'k8s-rollout-test/trace/2';

export const Settings = z.object({
  workload: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
  replicas: z.int(),
  strategy: z.enum(['RollingUpdate', 'Recreate', 'OnDelete']),
  maxSurge: z.int().describe('pods, after rounding'),
  maxUnavailable: z.int().describe('pods, after rounding'),
  gracePeriodMs: z.number(),
  preStopMs: z
    .number()
    .describe('length of the preStop sleep of the container that serves; absent for other hooks')
    .optional(),
  readinessProbe: z.boolean().describe('whether the container that serves has one'),
});
export type Settings = z.infer<typeof Settings>;

export const TrialIdentity = z.object({
  runtime: z.string(),
  runtimeVersion: z.string(),
  variant: z.string(),
  repeat: z.int(),
  cluster: z.string().describe('"local" or the name of the kubeconfig context'),
  load: z.enum(['builtin', 'k6']),
  seed: z.int(),
  run: z.string().describe('id of the run it belongs to'),
});
export type TrialIdentity = z.infer<typeof TrialIdentity>;

export const DISRUPTIONS = ['rollout', 'scale', 'drain', 'evict', 'delete', 'command'] as const;

/** What was done to the pods. */
export const Disruption = z.object({
  kind: z.enum(DISRUPTIONS).describe('command: one of the user, which may do any of the others'),
  atMs: Ms.describe('when it was begun'),
});
export type Disruption = z.infer<typeof Disruption>;

export const Trace = z.object({
  format: z.literal(TRACE_FORMAT),
  trial: TrialIdentity,
  clock: z.object({ startedAtEpochMs: z.number() }),
  machine: z.object({ platform: z.string(), arch: z.string(), cores: z.int(), node: z.string() }),
  settings: Settings,
  disruption: Disruption.optional().describe('absent in a control'),
  loadStartMs: Ms,
  loadStopMs: Ms.describe('after this no request was started'),
  cluster: ClusterRecord,
  load: LoadRecord,
});
export type Trace = z.infer<typeof Trace>;
