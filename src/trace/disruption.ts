/** What is done to the pods of a workload under load, and what became of it. */
import * as z from 'zod';
import { Ms, SmallCount, Text } from './units.ts';

export const DISRUPTIONS = [
  'rollout',
  'rollback',
  'bad-version',
  'scale-down',
  'drain',
  'evict',
  'delete-pod',
  'restart',
  'command',
] as const;

/**
 * What to do to the pods:
 * - rollout: change the template, so that each pod is replaced;
 * - rollback: return to the first revision after a second one was rolled out before the load;
 * - bad-version: roll out a version whose pods never become ready, wait for the progress deadline, and undo it;
 * - scale-down: reduce the workload to this many replicas;
 * - drain: cordon a node and evict its pods, as kubectl drain does;
 * - evict: evict one pod, which its PodDisruptionBudget may delay;
 * - delete-pod: delete one pod;
 * - restart: kill the serving container of one pod with SIGKILL, as a crash or the OOM killer does;
 * - command: run the user's own shell command, which may do any of these.
 */
export type PlannedDisruption =
  | { kind: 'rollout' | 'rollback' | 'bad-version' | 'evict' | 'delete-pod' | 'restart' }
  | { kind: 'scale-down'; replicas: number }
  | { kind: 'drain'; node: string }
  | { kind: 'command'; command: string };

/** What was observed of a disruption, apart from the pods. */
export const DisruptionOutcome = z.object({
  pod: Text.describe('evict, delete-pod, restart: the uid of the pod that was chosen').optional(),
  refusedEvictions: SmallCount.describe(
    'drain, evict: how often a PodDisruptionBudget refused an eviction, which was then tried again every 5 s',
  ).optional(),
  undoneMs: Ms.describe('bad-version: when it was undone, after its progress deadline').optional(),
});
export type DisruptionOutcome = z.infer<typeof DisruptionOutcome>;

/** What was done to the pods. */
export const Disruption = DisruptionOutcome.extend({
  kind: z.enum(DISRUPTIONS).describe('command: a command of the user, which may do any of the others'),
  replicas: SmallCount.describe('scale-down: the new number of replicas').optional(),
  node: Text.describe('drain: the name of the node').optional(),
  atMs: Ms.describe('when it began'),
  completeMs: Ms.describe('when it was complete: every pod as wanted, and known to the routers').optional(),
});
export type Disruption = z.infer<typeof Disruption>;

/** The part of a planned disruption that a trace keeps: all but the text of a command, which may contain secrets. */
export function recordedPlan(planned: PlannedDisruption): Pick<Disruption, 'kind' | 'replicas' | 'node'> {
  if (planned.kind === 'command') return { kind: planned.kind };
  return planned;
}
